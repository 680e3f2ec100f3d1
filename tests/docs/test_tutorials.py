"""The tutorials are executed: Python blocks in order, and the lines of console blocks that call overparam.

What a reader does besides, pip and pytest, is done by test_tutorials_literally.

Python blocks with a file name are, besides, installed as that module for the console blocks. What the
commands `plugins check` and `pytest` would do, the Python blocks' own conformance tests do here.
"""

import re
import shlex
import sys
import types
from pathlib import Path

import pytest

from overparam.plugins import HOOKS
from overparam.testing import Verdict, run_check
from tests.plugins.installed import install, overparam

TUTORIALS = sorted((Path(__file__).parents[2] / "docs" / "tutorials").glob("*.md"))
BLOCK = re.compile(r"^```(python|console)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_runs(path, tmp_path, monkeypatch):
    module = types.ModuleType(f"tutorial_{path.stem.replace('-', '_')}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.chdir(tmp_path)
    site = tmp_path / "site"
    site.mkdir()
    sources = {}
    for kind, name, text in BLOCK.findall(path.read_text(encoding="utf-8")):
        if kind == "console":
            for line in text.splitlines():
                run_line(line, site)
            continue
        exec(compile(text, str(path), "exec"), vars(module))
        if name.startswith("overparam_"):
            sources[name] = sources.get(name, "") + text
            install(site, name.removesuffix(".py").replace("_", "-"), sources[name])
    assert sources
    for name, test in vars(module).items():
        if name.startswith("test_"):
            assert_conforms(test)


def run_line(line, site):
    program, *arguments = shlex.split(line)
    if program != "overparam" or arguments[:2] == ["plugins", "check"]:
        assert program in ("overparam", "pip", "pytest")
        return
    call = overparam(site, *arguments, OVERPARAM_ENGINE="portable")
    assert call.code == 0, (line, call.output, call.errors)
    assert "Warning" not in call.errors


def assert_conforms(test):
    """Run the cases of a test that `conformance` made."""
    [mark] = test.pytestmark
    results = [run_check(*case.values) for case in mark.args[1]]
    assert len(results) > 5
    assert [result for result in results if result.verdict is Verdict.FAILED] == []


def test_there_is_one_for_each_kind():
    wanted = {"bring-your-own-data", "every-hook", "write-an-activation", "write-an-optimizer"}
    assert {path.stem for path in TUTORIALS} >= wanted


def test_every_hook_has_its_example():
    [page] = [path for path in TUTORIALS if path.stem == "every-hook"]
    assert set(re.findall(r"^def (overparam_\w+)", page.read_text(), re.MULTILINE)) == set(HOOKS.values())
