"""The command line with an emulated device: tests all code between the options and the kernels."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from host import needs_compiler

from overparam.studies import load_study

TESTS = Path(__file__).parent
pytestmark = needs_compiler


def overparam(*arguments):
    places = [str(TESTS / "emulated"), str(TESTS), os.environ.get("PYTHONPATH", "")]
    ended = subprocess.run(
        [sys.executable, "-m", "overparam", *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(places), "OVERPARAM_STRICT_PLUGINS": "1"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_device_and_the_engine_are_there():
    document = json.loads(overparam("info", "--json"))
    assert "cuda:0 (emulated)" in json.dumps(document)


def assert_trained_as_on_the_cpu(*options, engine=()):
    on_device = json.loads(overparam("--backend", "cupy", *engine, "train", *options, "--json"))
    expected = json.loads(overparam("--engine", "portable", "train", *options, "--json"))
    assert on_device["engine"] == "cuda"
    assert on_device["iterations"] == expected["iterations"]
    assert abs(on_device["relative_residual"] - expected["relative_residual"]) < 1e-5


def test_a_training_is_the_engines():
    assert_trained_as_on_the_cpu("--n", "10", "--d", "3", "--k", "6", "--max-iterations", "50")


@pytest.mark.parametrize("method", ["gd", "sgd:step_size=0.01,batch_size=5"])
def test_a_training_that_comes_by_portions(method):
    sizes = ("--n", "700", "--d", "70", "--k", "60", "--max-iterations", "4")
    assert_trained_as_on_the_cpu(*sizes, "--optimizer", method, engine=("--engine", "cuda"))


def test_a_sweep_ends_as_on_the_cpu(tmp_path):
    grid = ("--n", "12", "--d", "2:6", "--k", "2:8", "--trials", "3")
    rows = {}
    for backend in ("cupy", "numpy"):
        study = tmp_path / f"{backend}.study"
        options = ("--max-iterations", "400", "--tolerance", "0.3", "--study", study)
        overparam("--backend", backend, "--dtype", "float64", "sweep", *grid, *options)
        rows[backend] = [row[:7] for row in load_study(study).rows()]
    assert rows["cupy"] == rows["numpy"]
    assert len({row[4] for row in rows["cupy"]}) >= 2
