"""docs/theory/index.md runs as it stands, and names every theorem."""

import re
from pathlib import Path

from overparam.theory import builtin_theorems

PAGE = (Path(__file__).parents[2] / "docs" / "theory" / "index.md").read_text(encoding="utf-8")


def test_the_examples_run(capsys):
    namespace = {"__name__": "docs_theory"}
    for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        exec(compile(block, "docs/theory/index.md", "exec", dont_inherit=True), namespace)
    printed = capsys.readouterr().out
    assert "Theorem 2.1" in printed
    assert "closed form" in printed
    assert "Montanari" in printed


def test_every_theorem_has_a_row():
    rows = re.findall(r"^\| ((?:Theorem|Corollary|Lemma) [\w.]+) \|", PAGE, flags=re.MULTILINE)
    assert rows == [cls.title for cls in builtin_theorems()]
