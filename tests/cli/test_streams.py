"""Streams: output of plugins, closed and full streams, encodings without φ, unusual file names."""

import ast
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from overparam import cli
from tests.plugins.installed import install

TRAIN = ("--engine", "portable", "train", "--n", "8", "--d", "3", "--k", "4", "--max-iterations", "2")

LOUD = """
import atexit, os, sys
from dataclasses import dataclass
from typing import ClassVar
from overparam.plugin import Activation, hookimpl

first = sys.stdout
print("imported")

def shout():
    print("printed")
    os.write(1, b"written\\n")
    os.system("echo by a child")
    first.write("kept\\n")
    sys.__stdout__.write("original\\n")

@dataclass(frozen=True)
class Loud(Activation):
    name: ClassVar[str] = "loud"
    def value(self, z):
        shout()
        return z * z
    def derivative(self, z):
        shout()
        return 2.0 * z

@hookimpl
def overparam_activations():
    atexit.register(print, "at exit")
    return [Loud]
"""


def run(*arguments, stdout=subprocess.PIPE, shell=None, cwd=None, **environment):
    command = [sys.executable, "-m", "overparam", *arguments]
    if shell is not None:
        command = ["sh", "-c", f'"$@" {shell}', "sh", *command]
    return subprocess.run(
        command,
        stdout=stdout,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env={**os.environ, **environment},
        timeout=120,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize(
    "command", [TRAIN, ("sweep", *TRAIN[3:], "--trials", "1", "--executor", "processes:workers=1")]
)
def test_what_a_plugin_prints_is_not_in_the_document(tmp_path, command):
    install(tmp_path, "loud", LOUD)
    done = run(*command, "--activation", "loud/loud", "--json", cwd=tmp_path, PYTHONPATH=path_with(tmp_path))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["command"] in ("train", "sweep")
    for word in (b"imported", b"printed", b"written", b"by a child", b"kept"):
        assert word in done.stderr


def path_with(folder):
    return os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))


@pytest.mark.parametrize(
    "arguments",
    [
        TRAIN,
        ("--help",),
        pytest.param(("train", "--help"), marks=pytest.mark.slow),
        pytest.param((*TRAIN, "--json"), marks=pytest.mark.slow),
        pytest.param(("info",), marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_is_one_line(arguments):
    with open("/dev/full", "w") as full:
        done = run(*arguments, stdout=full)
    assert done.returncode == 1
    said = done.stderr.decode().splitlines()[-1]
    assert said.startswith("Error: ")
    assert said.endswith("No space left on device")
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_streams_that_are_closed_do_not_matter(closed):
    done = run(*TRAIN, "--json", shell=closed)
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] == "budget_exhausted"


def test_a_closed_output_is_said(tmp_path):
    done = run(*TRAIN, shell=">&-", cwd=tmp_path)
    assert (done.returncode, b"standard output" in done.stderr) == (1, True)
    assert b"Traceback" not in done.stderr


ASCII, PLAIN = {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (TRAIN, ASCII),
        ((*TRAIN, "--json"), PLAIN),
        (("theory", "--n", "6"), PLAIN),
        pytest.param(("theory", "--n", "6"), ASCII, marks=pytest.mark.slow),
        pytest.param(TRAIN, PLAIN, marks=pytest.mark.slow),
        pytest.param((*TRAIN, "--json"), ASCII, marks=pytest.mark.slow),
        pytest.param(("train", "--help"), ASCII, marks=pytest.mark.slow),
        pytest.param(("train", "--help"), PLAIN, marks=pytest.mark.slow),
    ],
)
def test_an_encoding_without_greek(arguments, environment):
    done = run(*arguments, **environment)
    assert done.returncode == 0, done.stderr
    done.stdout.decode("utf-8")
    if "--json" in arguments:
        assert json.loads(done.stdout)["problem"]["n"] == 8


def test_a_name_that_is_not_utf8(tmp_path):
    name = os.fsdecode(b"\xff.study")
    small = ("--n", "6", "--k", "2", "--d", "1:2", "--max-iterations", "3", "--trials", "1")
    done = run("sweep", *small, "--study", name, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["done"] == 2
    assert run("status", name, cwd=tmp_path).returncode == 0
    done = run("train", "--data", f"file:path={os.fsdecode(bytes([255]))}.npz", cwd=tmp_path)
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False)


MODULES = ("socket", "signal", "pickle", "numpy", "click", "multiprocessing", "json", "platform")


def test_nothing_is_imported_from_the_current_folder(tmp_path):
    for module in MODULES:
        (tmp_path / f"{module}.py").write_text(
            f"open('executed-{module}', 'w').close()\nraise SystemExit(7)\n"
        )
    small = ("--n", "6", "--k", "2", "--d", "1:2", "--max-iterations", "3", "--trials", "1")
    script = "from overparam.__main__ import run; run()"
    (tmp_path.parent / "bin.py").write_text(f"if __name__ == '__main__':\n    {script}\n")
    command = [
        sys.executable,
        str(tmp_path.parent / "bin.py"),
        "sweep",
        *small,
        "--executor",
        "processes:workers=1",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.glob("executed-*")) == []


def test_a_guarded_script_still_has_workers(tmp_path):
    (tmp_path / "beside.py").write_text("TRIALS = 1\n")
    (tmp_path / "script.py").write_text(
        "import overparam as op\nfrom beside import TRIALS\n"
        "if __name__ == '__main__':\n"
        "    given = {'trials': TRIALS, 'max_iterations': 3, 'executor': 'processes:workers=1'}\n"
        "    study = op.sweep('a.study', n=6, k=2, d=[1, 2], **given)\n"
        "    print(len(study.rows()))\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout.strip()) == (0, "2"), done.stderr


def test_commands_write_to_standard_output_by_their_own_echo_alone():
    """click.echo without err=True is wrong: sys.stdout is standard error while plugins can run."""
    writers = ("click.echo", "click.secho", "print")
    for source in Path(cli.__file__).parent.rglob("*.py"):
        if source.name == "output.py":
            continue
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in writers:
                assert any(keyword.arg == "err" for keyword in node.keywords), f"{source}, line {node.lineno}"
