"""`plugins new` for every kind: the new package passes its tests and lint; the reports of `plugins check`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from overparam.cli.scaffold import KINDS, write_package
from overparam.components import ComponentError
from overparam.plugins import HOOKS
from overparam.testing import Verdict, run_check
from tests.plugins.installed import install, overparam

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_there_is_a_kind_for_every_hook():
    assert {HOOKS[kind.family] for kind in KINDS.values()} == set(HOOKS.values())


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """One new package of every kind."""
    folder = tmp_path_factory.mktemp("packages")
    return [write_package(f"my-{kind}", kind, folder) for kind in KINDS]


@pytest.mark.skipif(shutil.which("ruff") is None, reason="ruff is not installed")
def test_new_packages_are_clean(packages):
    """They satisfy this project's lint rules and are formatted by the package's rules."""
    for package in packages:
        for command in (["check", "--config", PROJECT], ["format", "--check"]):
            done = subprocess.run(["ruff", *command, "."], cwd=package, capture_output=True, text=True)
            found = [line for line in done.stdout.splitlines() if "D103" in line or "-->" not in line]
            assert done.returncode == 0, (package.name, found)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("mypy") is None, reason="mypy is not installed")
def test_new_packages_have_types(packages, tmp_path):
    sources = [package / "src" for package in packages]
    tests = [path for package in packages for path in package.glob("tests/*.py")]
    done = subprocess.run(
        [
            *("mypy", "--config-file", PROJECT, "--follow-imports", "silent", "--cache-dir", tmp_path),
            *(path for source in sources for path in source.glob("*.py")),
            *tests,
        ],
        env={**os.environ, "MYPYPATH": os.pathsep.join(map(str, [PROJECT.parent, *sources]))},
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My Thing", "lower-case letters"),
        ("relu", "overparam already offers the activation 'relu'"),
        ("taken", "already exists"),
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


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_package_of_any_name_passes_its_own_tests(tmp_path, monkeypatch, kind):
    """Every name is tried with a third of the kinds; the conformance kit runs with the first name only.

    Its checks do not depend on the name.
    """
    for name in (ODD[0], *ODD[1 + list(KINDS).index(kind) % 3 :: 3]):
        package = write_package(name, kind, tmp_path)
        monkeypatch.syspath_prepend(package / "src")
        for source in (*package.glob("src/*.py"), *package.glob("tests/*.py")):
            module = ModuleType(source.stem)
            monkeypatch.setitem(sys.modules, source.stem, module)
            exec(compile(source.read_text(encoding="utf-8"), str(source), "exec"), vars(module))
            for test in [value for key, value in vars(module).items() if key.startswith("test_")]:
                if not hasattr(test, "pytestmark"):
                    test()
                elif name == ODD[0]:
                    results = [run_check(*case.values) for case in test.pytestmark[0].args[1]]
                    assert [one for one in results if one.verdict is Verdict.FAILED] == []


def test_a_name_that_is_installed_is_refused(tmp_path, monkeypatch):
    (tmp_path / "overparam_testing_it.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ComponentError, match="module overparam_testing_it is already installed"):
        write_package("testing-it", "data", tmp_path)
    with pytest.raises(ComponentError, match="is not a valid name"):
        write_package("a" * 300, "data", tmp_path)
