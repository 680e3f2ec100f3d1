"""``--plugin FILE.py``: one file as a plugin, in this process, in workers and in studies."""

import pickle
import subprocess
import sys

import pytest

import overparam as op
from overparam.components.faults import PluginFailure
from overparam.model.activations import Activation
from overparam.plugins import Registry
from overparam.studies import load_study

CUBE = '''
from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Activation, hookimpl

FACTOR = 1.0


@dataclass(frozen=True)
class Cube(Activation):
    """φ(z) = z³ + shift·z."""

    name: ClassVar[str] = "cube"
    shift: float = 0.0

    def value(self, z):
        return FACTOR * z * z * z + self.shift * z

    def derivative(self, z):
        return 3.0 * FACTOR * z * z + self.shift


@hookimpl
def overparam_activations():
    return [Cube]
'''
SIZES = ("--n", 8, "--k", "2:3", "--d", "2,3", "--trials", 2, "--max-iterations", 20)
TRAINED = ("--activation", "cube:shift=0.5", "--optimizer", "gd:step_size=0.01")


def rows(path):
    return [row._replace(seconds=0.0) for row in load_study(path)]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "my cube.py"
    path.write_text(CUBE, encoding="utf-8")
    return path


def test_it_trains_and_says_who_it_is(overparam, file):
    call = overparam("--plugin", file, "train", *SIZES[:2], "--k", 2, "--d", 2, *TRAINED, "--json")
    assert call.code == 0
    component = call.document["components"]["activation"]
    version = component.pop("version")
    assert component == {"kind": "activation", "name": "cube", "distribution": "my-cube.py"}
    assert version.startswith("sha256:")
    assert overparam("train", *TRAINED).code == 2  # the plugin is loaded for one call only
    by_environment = overparam("train", "--k", 2, *TRAINED, "--max-iterations", 2, OVERPARAM_PLUGIN=str(file))
    assert by_environment.code == 0
    [listed] = [
        plugin
        for plugin in overparam("--plugin", file, "plugins", "list", "--json").document["plugins"]
        if plugin["name"] == "my-cube"
    ]
    assert (listed["state"], listed["version"]) == ("loaded", version)
    assert listed["provides"] == {"activation": ["cube"]}
    assert overparam("--no-plugins", "--plugin", file, "train", "--k", 2, *TRAINED).code == 0


def test_workers_have_it_and_a_study_goes_on_with_it_alone(overparam, file, tmp_path):
    study, alone = tmp_path / "a.study", tmp_path / "b.study"
    sweep = ("-q", "--plugin", file, "sweep")
    workers = ("--executor", "processes:workers=2")
    assert overparam(*sweep, *SIZES, *TRAINED, "--study", study, *workers).code == 0
    assert overparam(*sweep, *SIZES, *TRAINED, "--study", alone).code == 0
    assert {row.status for row in rows(study)} <= {"converged", "budget_exhausted"}
    assert rows(study) == rows(alone)
    assert overparam(*sweep, "--study", study, "--trials", 3, *workers).code == 0
    assert overparam(*sweep, "--study", alone, "--trials", 3).code == 0
    assert len(rows(study)) == 12
    assert rows(study) == rows(alone)
    key = ("replay", study, "--n", 8, "--k", 3, "--d", 2, "--trial", 2)
    assert overparam("--plugin", file, *key, "--json").document["equal"] is True

    without = overparam("sweep", "--study", study, "--trials", 4)
    assert without.code == 2
    assert "the study's activation, cube:shift=0.5 of my-cube.py@sha256:" in without.errors
    assert overparam(*key).code == 2

    file.write_text(CUBE.replace("FACTOR = 1.0", "FACTOR = 2.0"), encoding="utf-8")
    for command in (
        ("sweep", "--study", study, "--trials", 4),
        (*key,),
        ("sweep", *SIZES, *TRAINED, "--study", study),
    ):
        changed = overparam("--plugin", file, *command)
        assert changed.code == 2
        assert "activation_distribution (study: my-cube.py@sha256:" in changed.errors
    assert len(rows(study)) == 12

    file.write_text(CUBE, encoding="utf-8")
    assert overparam(*sweep, "--study", study, "--trials", 4).code == 0
    assert len(rows(study)) == 16


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("def f(:", "cannot be loaded: SyntaxError"),
        ("import a_library_that_is_not_there", "No module named 'a_library_that"),
        ("raise SystemExit(3)", "cannot be loaded: SystemExit: 3"),
        ("x = 1", "provides nothing"),
        (CUBE.replace("@dataclass(frozen=True)\n", ""), "Cube is not a frozen dataclass"),
        (
            CUBE.replace("overparam_activations", "overparam_activation"),
            "did you mean overparam_activations?",
        ),
        (CUBE.replace("FACTOR = 1.0", "1 / 0"), "ZeroDivisionError"),
    ],
)
def test_an_error_in_the_file_is_the_plugins_failure(overparam, file, content, said):
    file.write_text(content, encoding="utf-8")
    for _ in range(2):  # the second call gives the same error: no part of the file stayed loaded
        call = overparam("--plugin", file, "train", "--k", 2, "--max-iterations", 2)
        assert (call.code, call.output) == (1, "")
        assert f"Error: the plugin {file} failed: " in call.errors
        assert said in call.errors
        assert call.errors.count("\n") == 1


def test_what_fails_later_is_its_failure_too(overparam, file):
    file.write_text(CUBE.replace("return FACTOR * z * z * z", "return nothing * z"), encoding="utf-8")
    call = overparam("--plugin", file, "train", "--k", 2, *TRAINED)
    assert call.code == 1
    assert "the activation 'cube' (my-cube.py sha256:" in call.errors
    assert "NameError" in call.errors


@pytest.mark.parametrize("name", ["missing.py", "."])
def test_a_file_that_is_none_is_bad_input(overparam, name):
    call = overparam("--plugin", name, "train")
    assert (call.code, call.output) == (2, "")
    assert "--plugin" in call.errors


def test_it_is_checked_like_an_installed_one(overparam, file):
    call = overparam("--plugin", file, "plugins", "check", "my-cube", "--json")
    assert call.document["failed"] == 0, call.output
    assert call.document["passed"] > 5


def test_a_component_travels_to_a_process_that_never_saw_the_file(file):
    cube = Registry(files=[file]).resolve(Activation, "cube:shift=2")
    sent = pickle.dumps([cube, cube])
    file.unlink()
    code = (
        "import pickle, sys; a, b = pickle.load(sys.stdin.buffer); "
        "print(a is b, a.specification(), a.value(3.0), *a.identity())"
    )
    done = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, check=True)
    identity = " ".join(map(str, cube.identity()))
    assert done.stdout.decode().strip() == f"True cube:shift=2 33.0 {identity}"
    assert pickle.loads(sent) == [cube, cube]


def test_in_python_a_file_is_loaded_once_and_again_where_it_changed(file):
    plugin = op.load_plugin(file)
    [cls] = plugin.components
    problem = op.draw_problem(8, 2, 2)
    given = {"activation": "cube", "max_iterations": 5}
    first = op.train(problem, **given)
    assert op.load_plugin(file).components == (cls,)
    file.write_text(CUBE.replace("FACTOR = 1.0", "FACTOR = 2.0"), encoding="utf-8")
    [changed] = op.load_plugin(file).components
    assert changed is not cls
    assert op.train(problem, **given).relative_residual != first.relative_residual
    with pytest.raises(FileNotFoundError):
        op.load_plugin(file.with_name("none.py"))
    file.write_text("1 / 0", encoding="utf-8")
    with pytest.raises(PluginFailure, match="ZeroDivisionError"):
        op.load_plugin(file)
    assert op.train(problem, **given).iterations == 5  # the version loaded before is still there
    op.default_registry.cache_clear()
