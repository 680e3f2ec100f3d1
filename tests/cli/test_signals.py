"""A signal at any moment: the right exit code, all finished trials saved, and correct counters."""

import os
import signal
import subprocess
import sys

import pytest

from overparam.studies import Grid, load_study
from overparam.studies.signals import undisturbed
from overparam.studies.store import Store
from overparam.sweeps import run_sweep
from tests.sweeps.fakes import execution, specification

EXIT = {signal.SIGINT: 130, signal.SIGTERM: 143}
SWEEP = ("--engine", "portable", "sweep", "--n", "20", "--k", "2:6", "--d", "2:4", "--trials", "60")
AT = """
import os, signal, sys
count, number = int(sys.argv.pop(1)), int(sys.argv.pop(1))
seen = 0
def trace(frame, event, argument):
    global seen
    name = frame.f_code.co_filename
    if "overparam" not in name or "__main__" in name and not seen:
        return None
    seen += 1
    if seen >= count:
        sys.setprofile(None)
        os.kill(os.getpid(), number)
import overparam.__main__
sys.setprofile(trace)
overparam.__main__.run()
"""


def call(code, *arguments, ignoring=()):
    def usual():
        for number in EXIT:
            signal.signal(number, signal.SIG_IGN if number in ignoring else signal.SIG_DFL)
        if signal.SIGINT not in ignoring:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, preexec_fn=usual
    )


def check_counters(path):
    if path.exists() and path.stat().st_size:
        study = load_study(path)
        rows, [*sessions] = study.rows(), study.numbered_sessions()
        assert sum(session.trials for session in sessions) == len(rows)
        assert sum(session.updates for session in sessions) == sum(row.iterations for row in rows)


def check_signal(tmp_path, chance):
    """Send a signal after a random number of calls and returns in the program's own code."""
    number, path = chance.choice([signal.SIGINT, signal.SIGTERM]), tmp_path / f"{chance.random()}.study"
    moment = int(10 ** chance.uniform(0, 5.0))
    asked = ("--max-iterations", "3", "--study", path)
    done = call(AT, moment, int(number), *SWEEP, *asked)
    assert done.returncode in (EXIT[number], 0), (moment, done.stderr)
    assert "Traceback" not in done.stderr, (moment, done.stderr)
    assert "transaction" not in done.stderr
    if done.returncode:
        assert done.stderr.strip().splitlines()[-1] in ("Interrupted.", "Aborted!")
    check_counters(path)
    return done.returncode


@pytest.mark.chaos
def test_signals_at_seeded_moments(tmp_path, attacks):
    codes = [check_signal(tmp_path, chance) for chance in attacks(4, 0.2)]
    assert any(codes)


def test_a_signal_that_is_ignored_from_the_start_stays_so(tmp_path):
    path = tmp_path / "a.study"
    asked = ("--max-iterations", "3", "--study", path)
    done = call(AT, 3000, int(signal.SIGINT), *SWEEP, *asked, ignoring=(signal.SIGINT,))
    assert (done.returncode, len(load_study(path).rows())) == (0, 900)


class Interrupting:
    """A study's connection that raises an interrupt before or after one of its statements."""

    def __init__(self, connection, at):
        self.connection, self.left = connection, at

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def strike(self):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGINT)

    def execute(self, *arguments):
        self.strike()
        result = self.connection.execute(*arguments)
        self.strike()
        return result


@pytest.mark.parametrize("at", range(1, 60))
def test_an_interrupt_at_every_statement_of_the_store(tmp_path, monkeypatch, at):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    path, grid = tmp_path / "a.study", Grid.product([6], [1, 2, 3], [1, 2], trials=40)
    real = Store.__init__

    def wrapped(self, *arguments):
        real(self, *arguments)
        self._connection = Interrupting(self._connection, at)

    monkeypatch.setattr(Store, "__init__", wrapped)
    told = []
    try:
        run_sweep(path, specification(), grid, execution(), lambda progress: told.extend(progress.rows))
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGINT, before)
    check_counters(path)
    assert {row[:4] for row in told} <= {row[:4] for row in load_study(path)}


def test_undisturbed_work_is_done_first_and_the_signal_comes_after():
    before = {number: signal.signal(number, signal.default_int_handler) for number in EXIT}
    done = []
    try:
        with pytest.raises(KeyboardInterrupt), undisturbed():  # noqa: PT012 - the order is tested
            for number in EXIT:
                os.kill(os.getpid(), number)
            with undisturbed():
                done.append("inner")
            done.append("outer")
        assert done == ["inner", "outer"]
        assert all(signal.getsignal(number) is signal.default_int_handler for number in EXIT)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
