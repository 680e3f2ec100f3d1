"""The package for its users: public names, import time, and what built-ins may import."""

import ast
import subprocess
import sys
import time
from pathlib import Path

import pytest

import overparam
import overparam.plugin

BUILTINS = sorted(
    path
    for room in ("model/activations", "model/losses", "model/initializations", "model/data", "methods")
    for path in (Path(overparam.__file__).parent / room).glob("*.py")
    if path.name not in ("__init__.py", "base.py")
)


def test_all_is_what_resolves():
    for name in overparam.__all__:
        assert getattr(overparam, name).__name__.rpartition(".")[2] == name
    assert dir(overparam) == sorted(overparam.__all__)


def test_importing_pulls_in_nothing_heavy():
    heavy = ("scipy", "matplotlib", "numba", "cupy", "torch", "rich", "pandas")
    code = f"import overparam.api, sys; print([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_command_line_starts_without_numpy(option):
    call = f"try: main(['{option}'])\nfinally: print('numpy' in sys.modules)"
    code = f"import sys\nfrom overparam.cli.main import main\n{call}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip().endswith("False")


def test_help_is_immediate():
    # This is not a benchmark: an eager import of NumPy, rich or matplotlib would take several times as long.
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "overparam", "--help"], check=True, capture_output=True)
    assert time.perf_counter() - started < 2.0


@pytest.mark.parametrize("path", BUILTINS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_built_in_components_use_what_a_stranger_can_import(path):
    used = {
        alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("overparam")
        for alias in node.names
    }
    of_the_room = {"uniform_on_sphere", "read_csv", "read_npy", "read_npz", "physical_memory"}
    assert used - of_the_room <= set(overparam.plugin.__all__)
