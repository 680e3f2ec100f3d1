"""Every example of the README and of docs/ runs; every page names what exists."""

import re
from pathlib import Path

import pytest

from overparam.plugins import HOOKS
from tests.docs.examples import run_page

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_EXAMPLES = [
    page for page in PAGES if re.search(r"^```(python|console)", page.read_text(encoding="utf-8"), re.M)
]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: str(page.relative_to(ROOT)))
def test_its_examples_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERPARAM_ENGINE", "portable")  # whatever plugins are installed here
    for reason in run_page(page, monkeypatch):
        print("skipped:", reason)


def test_every_hook_has_its_example():
    page = ROOT / "docs" / "tutorials" / "every-hook.md"
    assert set(re.findall(r"^def (overparam_\w+)", page.read_text(encoding="utf-8"), re.M)) == set(
        HOOKS.values()
    )
