"""Every example of the README and of docs/ runs, and every hook has an example."""

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


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: str(page.relative_to(ROOT)))
def test_its_examples_run(page, tmp_path, monkeypatch):
    """The examples of one page run on their own, in a new folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVERPARAM_ENGINE", "portable")  # also if a fused engine is installed here
    for reason in run_page(page, monkeypatch):
        print("skipped:", reason)


def in_the_sites_order(page):
    """Yield a page and then the pages below it, in the order of the site's contents."""
    yield page
    for block in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S):
        for line in block.splitlines():
            if line and not line.startswith(":"):
                name = re.sub(r".*<(.*)>", r"\1", line)
                for below in sorted(page.parent.glob(f"{name}.md")):
                    yield from in_the_sites_order(below.resolve())


@pytest.mark.docs
def test_they_run_one_after_another_in_one_folder(tmp_path, monkeypatch):
    """As for a reader who works through the README and then the site, all in one folder."""
    pages = [ROOT / "README.md", *in_the_sites_order(ROOT / "docs" / "index.md")]
    assert set(WITH_EXAMPLES) <= set(pages)
    monkeypatch.chdir(tmp_path)
    for page in pages:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("OVERPARAM_ENGINE", "portable")
            print("page:", page)
            run_page(page, patch)


def test_every_hook_has_its_example():
    page = ROOT / "docs" / "tutorials" / "every-hook.md"
    assert set(re.findall(r"^def (overparam_\w+)", page.read_text(encoding="utf-8"), re.M)) == set(
        HOOKS.values()
    )
