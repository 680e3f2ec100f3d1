"""Every command line ends soon with exit code 0, 1, 2 or 130, with no traceback and no unexpected error."""

import os
import shlex
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

from overparam.cli.main import main
from tests.chaos.commandline import draw, write_files

CODES = {0, 1, 2, 130}
SECONDS = 20.0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path)
    made = CliRunner().invoke(
        main,
        [
            "-q",
            "sweep",
            *["--n", "6", "--k", "2", "--d", "1:2", "--max-iterations", "3", "--study", "good.study"],
        ],
    )
    assert made.exit_code == 0
    return tmp_path


class Overdue(BaseException):
    """Raised when a command line still runs after five minutes."""


def give_up(*_):
    raise Overdue


def busy():
    """Processor seconds of this process and its children; other load on the machine does not count."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def in_process(line):
    """Return the exit code and the error output, with an exception that escaped appended."""
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(300)
    try:
        done = CliRunner().invoke(main, line.arguments)
    except Overdue:
        return None, "escaped: it did not end"
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    escaped = done.exception is not None and not isinstance(done.exception, SystemExit)
    said = done.stderr + (f"\nescaped: {done.exception!r}" if escaped else "")
    return done.exit_code, said


def as_process(line):
    """Return the same from a separate process in which SIGINT has its default action, as under a shell."""
    words = [os.fsencode(word.replace("\0", "")) for word in line.arguments]
    done = subprocess.run(
        [os.fsencode(sys.executable), b"-m", b"overparam", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=300,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    return done.returncode, done.stderr.decode(errors="replace")


def fault(line, call):
    """A text about what went wrong with a command line, or None if it ended correctly."""
    started = busy()
    try:
        code, said = call(line)
    except subprocess.TimeoutExpired:
        return "it did not end"
    if code not in CODES:
        return f"exit code {code}: {said[-600:]}"
    asked = sum({"-v": 1, "-vv": 2}.get(word, 0) for word in line.arguments) >= 2
    if "escaped:" in said or ("Traceback" in said and not asked):
        return said[-600:]
    if (
        "unexpected " in said.lower()
        and "unexpected extra argument" not in said
        and "unexpected value" not in said
    ):
        return said[-600:]
    if (seconds := busy() - started) > SECONDS:
        return f"{seconds:.0f} s of a processor"
    return None


def hunt(attacks, call):
    """Try command lines; return the faults found, each with the smallest line that shows one."""
    found = []
    for chance in attacks:
        line = draw(chance)
        if (wrong := fault(line, call)) is None:
            continue
        smaller = line
        while smaller is not None:
            line = smaller
            smaller = next((each for each in line.smaller() if fault(each, call) is not None), None)
        found.append(f"overparam {shlex.join(line.arguments)[:500]}\n    {wrong}")
        print(found[-1], flush=True)
    return found


@pytest.mark.chaos
@pytest.mark.parametrize(
    ("call", "few", "share"), [(in_process, 60, 2.5), (as_process, 2, 0.5)], ids=["inside", "processes"]
)
def test_command_lines(folder, attacks, call, few, share):
    assert hunt(attacks(few, share), call) == []
