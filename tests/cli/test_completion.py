"""Completion through click's protocol, and in real shells."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

import overparam as op
from overparam.cli.commands import COMMANDS
from overparam.cli.main import main


def complete(line, shell="bash", words=None, **environment):
    """The answers for the last word of a line; `words` is the line as bash splits it, if it splits words."""
    words = line.split(" ") if words is None else words
    asked = {
        "_OVERPARAM_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": "\n".join(words),
        "COMP_CWORD": str(len(words) - 1),
        **environment,
    }
    done = CliRunner().invoke(main, [], env=asked, prog_name="overparam")
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout.splitlines()


def values(line, **given):
    return [answer.removeprefix("plain,") for answer in complete(line, **given) if answer]


def names(kind, distribution=None):
    return [each.name for each in op.describe(kind) if each.installed]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("overparam ", list(COMMANDS)),
        ("overparam s", ["sweep", "status", "salvage"]),
        ("overparam -q desc", ["describe"]),
        ("overparam plugins ", ["check", "list", "new"]),
        ("overparam train --opt", ["--optimizer"]),
        ("overparam train --eng", ["--engine"]),
        ("overparam --dt", ["--dtype"]),
        ("overparam train --dtype ", ["float32", "float64"]),
        ("overparam train --layers h", ["hidden"]),
        ("overparam train --activation so", ["softplus"]),
        ("overparam train --activation ", names("activation")),
        ("overparam sweep --data s", ["sphere", "separated"]),
        ("overparam sweep --executor pro", ["processes"]),
        ("overparam --backend n", ["numpy"]),
        ("overparam train --backend n", ["numpy"]),
        ("overparam train --engine a", ["auto"]),
        ("overparam train --engine port", ["portable"]),
        ("overparam train --optimizer gd", ["gd", "gd:step_size="]),
        ("overparam train --optimizer gd:", ["gd:step_size="]),
        ("overparam train --optimizer gd:st", ["gd:step_size="]),
        (
            "overparam train --optimizer gd:step_size=",
            [f"gd:step_size={word}" for word in ("theorem", "figure2", "jacobian")],
        ),
        ("overparam train --optimizer gd:step_size=th", ["gd:step_size=theorem"]),
        ("overparam train --optimizer=gd:st", ["gd:step_size="]),
        (
            "overparam train --optimizer sgd:step_size=0.1,",
            [f"sgd:step_size=0.1,{key}=" for key in ("batch_size", "sampling", "check_every")],
        ),
        (
            "overparam train --optimizer sgd:step_size=0.1,sampling=re",
            ["sgd:step_size=0.1,sampling=replacement", "sgd:step_size=0.1,sampling=reshuffling"],
        ),
        ("overparam train --optimizer nobody:", []),
        ("overparam train --activation relu:", []),
        ("overparam train --data file:path=", ["file,file:path="]),
        ("overparam describe activ", ["activations", "activation"]),
        ("overparam describe least", ["least-squares"]),
    ],
)
def test_what_is_completed(line, expected):
    assert values(line) == expected


def test_the_protocol_is_the_programs():
    words = {"COMP_WORDS": "overparam train --optimizer gd:st", "COMP_CWORD": "3"}
    done = subprocess.run(
        [sys.executable, "-m", "overparam"],
        env={**os.environ, "_OVERPARAM_COMPLETE": "bash_complete", **words},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "plain,gd:step_size=\n", "")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--optimizer", "gd", ":"], ["step_size="]),
        (["--optimizer", "gd", ":", "st"], ["step_size="]),
        (["--optimizer", "gd", ":", "step_size", "="], ["theorem", "figure2", "jacobian"]),
        (["--optimizer", "gd", ":", "step_size", "=", "th"], ["theorem"]),
        (["--optimizer", "=", "gd", ":", "st"], ["step_size="]),
        (["--optimizer", "=", "g"], ["gd"]),
        (["--optimizer", "="], None),
        (["--optimizer", "sgd", ":", "step_size", "=", "0.1,ch"], ["0.1,check_every="]),
        (["--data", "sphere", "--optimizer", "gd", ":", "step_size", "=", "1", "--lay"], ["--layers"]),
    ],
)
def test_words_that_bash_has_broken(words, expected):
    expected = names("optimizer") if expected is None else expected
    assert values("", words=["overparam", "train", *words]) == expected


def test_an_empty_word_after_a_broken_one():
    answers = complete(
        "", words=["overparam", "train", "--optimizer", "gd", ":", "step_size", "=", "1"], COMP_CWORD="8"
    )
    assert answers == [""]


def test_plugins_that_are_left_out_are_not_completed():
    own = [each.name for each in op.describe("activation") if each.distribution == "overparam"]
    assert values("overparam --no-plugins train --activation ") == own


def test_a_plugin_that_is_none_leaves_nothing_to_complete():
    assert values("overparam --disable-plugin nobody train --activation ") == []


def test_zsh_is_given_the_summaries():
    answers = complete("overparam train --optimizer gd", shell="zsh")
    assert answers[:3] == ["plain", "gd", op.describe("gd")[0].summary]
    assert answers[3:] == ["plain", r"gd\:step_size=", "a number or 'theorem' or 'figure2' or 'jacobian'"]


BASH = shutil.which("bash")


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("overparam train --activation soft\t", "overparam train --activation softplus "),
        pytest.param("overparam desc\t", "overparam describe ", marks=pytest.mark.slow),
        pytest.param(
            "overparam train --optimizer gd:s\t",
            "overparam train --optimizer gd:step_size=",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "overparam train --optimizer gd:step_size=th\t",
            "overparam train --optimizer gd:step_size=theorem ",
            marks=pytest.mark.slow,
        ),
        ("overparam train --optimizer=gd:\t", "overparam train --optimizer=gd:step_size="),
    ],
)
def test_bash_completes(tmp_path, typed, line):
    """The command line of an interactive bash on a terminal, after the Tab key."""
    script = tmp_path / "overparam"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m overparam "$@"\n')
    script.chmod(0o755)
    (tmp_path / "rc").write_text(
        f'PATH="{tmp_path}:$PATH"\nPS1="ready> "\nbind "set enable-bracketed-paste off"\n'
        'eval "$(_OVERPARAM_COMPLETE=bash_source overparam)"\n'
        # Prints the line between brackets, so that the test can wait for its end.
        "show() { printf '\\n[%s]\\n' \"$READLINE_LINE\"; }\nbind -x '\"\\C-o\": show'\n"
    )
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(TERM="dumb", COLUMNS="200", INPUTRC=os.devnull)
        os.execv(BASH, [BASH, "--noprofile", "--rcfile", str(tmp_path / "rc"), "-i"])
    try:
        read_until(terminal, "ready> ")
        os.write(terminal, typed.encode() + b"\x0f")
        said = read_until(terminal, "]")
    finally:
        os.close(terminal)
        os.waitpid(process, 0)
    assert re.search(r"\[(.*)\]", said)[1] == line


ASKED = {
    # Commands with which a shell reads the completion script and prints its completions.
    "zsh": """
        zmodload zsh/zpty
        zpty -b z zsh -f -i
        zpty -w z "PATH={folder}:$PATH; autoload -Uz compinit; compinit -u; PS1='ready> '"
        zpty -w z 'eval "$(_OVERPARAM_COMPLETE=zsh_source overparam)"; print read''y'
        zpty -r -m z said '*ready*'
        zpty -w -n z $'overparam train --activation soft\\t'
        zpty -r -m z said '*softplus*' && print softplus
    """,
    "fish": """
        set -x PATH {folder} $PATH
        _OVERPARAM_COMPLETE=fish_source overparam | source
        complete --do-complete "overparam train --activation soft"
    """,
}


@pytest.mark.parametrize("shell", ASKED)
def test_the_script_of_a_shell_is_produced(shell):
    done = CliRunner().invoke(main, [], env={"_OVERPARAM_COMPLETE": f"{shell}_source"}, prog_name="overparam")
    assert (done.exit_code, done.stderr) == (0, "")
    assert f"_OVERPARAM_COMPLETE={shell}_complete" in done.stdout
    assert {
        "zsh": "compdef _overparam_completion overparam",
        "fish": "complete --no-files --command overparam",
    }[shell] in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("shell", ASKED)
def test_a_shell_completes_a_component(tmp_path, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "overparam").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m overparam "$@"\n')
    (tmp_path / "overparam").chmod(0o755)
    text = ASKED[shell].format(folder=tmp_path)
    done = subprocess.run([shell, "-c", text], capture_output=True, text=True, timeout=120)
    assert "softplus" in done.stdout, done.stderr


def read_until(terminal, text, seconds=60.0):
    said, end = "", time.monotonic() + seconds
    while text not in said:
        ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            pytest.fail(f"no {text!r} in {said!r}")
        said += os.read(terminal, 4096).decode(errors="replace")
    return said


def test_what_a_file_brings_is_completed(tmp_path):
    file = tmp_path / "swish.py"
    file.write_text(
        "from dataclasses import dataclass\nfrom overparam.plugin import Activation, hookimpl\n"
        "@dataclass(frozen=True)\nclass Swish(Activation):\n    name = 'swish'\n"
        "    def value(self, z):\n        return z\n    def derivative(self, z):\n        return 1.0\n"
        "@hookimpl\ndef overparam_activations():\n    return [Swish]\n"
    )
    assert values(f"overparam --plugin {file} train --activation sw") == ["swish"]
    assert values("overparam train --activation sw") == []
    file = tmp_path / "bad.py"
    file.write_text("raise SystemExit\n")
    assert values(f"overparam --plugin {file} train --activation so") == []
