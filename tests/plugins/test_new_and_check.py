"""`plugins new`, then pip install, pytest and `plugins check`, as its reader does; and what check reports."""

import importlib.util
import os
import subprocess
import sys
from contextlib import suppress
from types import ModuleType

import pytest
from _pytest.outcomes import Skipped

from overparam.cli.scaffold import write_package
from overparam.components import ComponentError
from tests.plugins.installed import install, overparam

USES = {
    "activation": ("--activation", "my-thing"),
    "optimizer": ("--optimizer", "my-thing:step_size=0.05"),
    "data": ("--data", "my-thing"),
}
PIP = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")


@pytest.mark.skipif(importlib.util.find_spec("hatchling") is None, reason="hatchling builds the package")
@pytest.mark.parametrize("kind", USES)
def test_a_new_package_is_complete(tmp_path, kind):
    site = tmp_path / "site"
    written = overparam(site, "plugins", "new", "my-thing", "--kind", kind, "--directory", tmp_path)
    assert written.code == 0
    package = tmp_path / "overparam-my-thing"
    assert f"pip install -e {package}" in written.output
    subprocess.run([sys.executable, *PIP, "--target", site, package], check=True, timeout=300)
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", package],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert tests.returncode == 0, tests.stdout
    assert " failed" not in tests.stdout
    checked = overparam(site, "plugins", "check", "overparam-my-thing", "--json")
    assert (checked.code, checked.document["failed"]) == (0, 0)
    assert checked.document["passed"] >= 5
    small = ("--n", 8, "--d", 3, "--k", 4, "--max-iterations", 2)
    trained = overparam(site, "--engine", "portable", "train", *small, *USES[kind], "--json")
    assert trained.code == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My Thing", "lower-case letters"),
        ("relu", "overparam already offers the activation 'relu'"),
        ("taken", "is there already"),
    ],
)
def test_names_that_will_not_do(tmp_path, name, said):
    (tmp_path / "overparam-taken").mkdir()
    call = overparam(tmp_path, "plugins", "new", name, "--kind", "activation", "--directory", tmp_path)
    assert (call.code, call.output) == (2, "")
    assert said in call.errors


FAULTY = """
from dataclasses import dataclass
from typing import ClassVar
from overparam.plugin import Activation, hookimpl

@dataclass(frozen=True)
class Cube(Activation):
    name: ClassVar[str] = "cube"
    factor: float

    def value(self, z):
        return self.factor * z * z * z

    def derivative(self, z):
        return self.factor * 2.0 * z * z

@hookimpl
def overparam_activations():
    return [Cube]
"""
EXAMPLES = """
    @staticmethod
    def examples():
        return [Cube(0.5), Cube(2.0)]

    def value"""


def test_check_reports_a_fault(tmp_path):
    install(tmp_path, "cubes", FAULTY.replace("\n    def value", EXAMPLES, 1))
    call = overparam(tmp_path, "plugins", "check", "cubes")
    assert call.code == 1
    assert "failed   activation cube:factor=0.5   derivative-matches-finite-differences" in call.output
    assert "derivative(z) against finite differences of value(z)" in call.output
    assert "passed   activation cube:factor=2     nan-stays-nan" in call.output
    assert "checks failed" in call.errors


def test_check_says_that_it_needs_examples(tmp_path):
    install(tmp_path, "cubes", FAULTY)
    call = overparam(tmp_path, "plugins", "check", "cubes", "--json")
    assert [row["check"] for row in call.document["checks"]] == ["loads", "examples"]
    assert "Cube needs factor: give it a static method examples()" in call.document["checks"][1]["message"]


def test_check_of_a_plugin_that_does_not_load(tmp_path):
    install(tmp_path, "cubes", "raise SystemExit")
    call = overparam(tmp_path, "plugins", "check", "cubes")
    assert call.code == 1
    assert "cannot be loaded: SystemExit" in call.output


def test_check_of_nobody(tmp_path):
    call = overparam(tmp_path, "plugins", "check", "nobody")
    assert (call.code, call.output) == (2, "")
    assert "no plugin is installed from 'nobody'" in call.errors


ODD = [
    *("none", "true", "false", "class", "import", "lambda", "print", "list", "int", "type", "object"),
    *(
        "activation",
        "array",
        "first-order",
        "state",
        "step",
        "problem",
        "data-generator",
        "dataset",
        "class-var",
    ),
    *(
        "value-error",
        "exception",
        "dataclass",
        "hookimpl",
        "np",
        "numpy",
        "conformance",
        "self",
        "z",
        "a1",
        "x-2",
    ),
    *("ellipsis", "not-implemented", "softsign", "heavy", "rows", "test", "pytest"),
]


@pytest.mark.parametrize("kind", USES)
def test_a_new_package_of_any_name_passes_its_own_tests(tmp_path, monkeypatch, kind):
    for name in ODD:
        package = write_package(name, kind, tmp_path)
        monkeypatch.syspath_prepend(package / "src")
        for source in (*package.glob("src/*.py"), *package.glob("tests/*.py")):
            module = ModuleType(source.stem)
            monkeypatch.setitem(sys.modules, source.stem, module)
            exec(compile(source.read_text(encoding="utf-8"), str(source), "exec"), vars(module))
            for test in [value for key, value in vars(module).items() if key.startswith("test_")]:
                marks = getattr(test, "pytestmark", [])
                for arguments in [case.values for case in marks[0].args[1]] if marks else [()]:
                    with suppress(Skipped):
                        test(*arguments)


def test_a_name_that_is_installed_is_refused(tmp_path, monkeypatch):
    (tmp_path / "overparam_testing_it.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ComponentError, match="module overparam_testing_it is installed already"):
        write_package("testing-it", "data", tmp_path)
    with pytest.raises(ComponentError, match="is not a name"):
        write_package("a" * 300, "data", tmp_path)
