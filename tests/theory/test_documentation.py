"""The page on the theory names every theorem."""

import re
from pathlib import Path

from overparam.theory import builtin_theorems

PAGE = (Path(__file__).parents[2] / "docs" / "theory" / "theorems.md").read_text(encoding="utf-8")


def test_every_theorem_has_a_row():
    rows = re.findall(r"^\| ((?:Theorem|Corollary|Lemma) [\w.]+) \|", PAGE, flags=re.MULTILINE)
    assert rows == [cls.title for cls in builtin_theorems()]
