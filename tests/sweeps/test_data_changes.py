"""A data file is replaced while a sweep reads it: the sweep stops, and no row comes from the new data."""

import os
import random

import numpy as np
import pytest

from overparam.model.data import File, FileLabels
from overparam.model.data import file as module
from overparam.runs import Portable, StopRule
from overparam.studies import Grid, StudyError, load_study
from overparam.sweeps import Processes, Serial, run_sweep, verify
from tests.sweeps.fakes import comparable, execution, specification

GRID = Grid.product([6], range(1, 9), [2], trials=20)


def write(path, seed):
    """Write data of a fixed shape, drawn from the seed."""
    rng = np.random.default_rng(seed)
    np.savez(path, X=rng.standard_normal((6, 2)), y=rng.standard_normal(6))


def specification_of(path):
    return specification(data=File(path), labels=FileLabels(), stop=StopRule(3))


def sweep(study, path, executor, report=lambda progress: None):
    run_sweep(study, specification_of(path), GRID, execution(Portable(), executor), report)


@pytest.fixture
def right(tmp_path):
    """The rows of the original data."""
    write(tmp_path / "x.npz", 0)
    sweep(tmp_path / "right.study", tmp_path / "x.npz", Serial())
    return set(comparable(load_study(tmp_path / "right.study")))


def moved_there(path):
    write(path.with_name("other.npz"), 1)
    path.with_name("other.npz").replace(path)


def overwritten(path):
    write(path, 1)


def overwritten_with_the_same_times(path):
    state = path.stat()
    write(path, 1)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


@pytest.mark.parametrize(
    ("harm", "executor"),
    [
        (moved_there, Serial()),
        (overwritten, Processes(workers=2)),
        (overwritten_with_the_same_times, Serial()),
        pytest.param(moved_there, Processes(workers=2), marks=pytest.mark.slow),
        pytest.param(overwritten, Serial(), marks=pytest.mark.slow),
        pytest.param(overwritten_with_the_same_times, Processes(workers=2), marks=pytest.mark.slow),
    ],
    ids=lambda given: getattr(given, "name", None) or given.__name__,
)
def test_a_sweep_stops_and_keeps_the_rows_of_the_right_data(tmp_path, monkeypatch, right, executor, harm):
    # Chunks have few trials. Trials drawn before the change have the right data and are trained.
    monkeypatch.setattr("overparam.sweeps.runner._SERIAL_CHUNK_SECONDS", 0.0)
    monkeypatch.setattr("overparam.sweeps.runner.working_set", lambda backend: 0)
    path, study, told = tmp_path / "x.npz", tmp_path / "a.study", []

    def report(progress):
        told.extend(progress.rows)
        # Worker processes read the file after the first report, which has no rows yet.
        if not path.with_name("harmed").exists() and (told or isinstance(executor, Processes)):
            path.with_name("harmed").touch()
            harm(path)

    with pytest.raises(
        StudyError, match=r"x\.npz does not hold the data that the sweep began with"
    ) as stopped:
        sweep(study, path, executor, report)
    assert stopped.value.exit_code == 1
    assert "\n" not in str(stopped.value)
    kept = set(comparable(load_study(study)))
    assert {row._replace(seconds=0.0) for row in told} <= kept <= right
    assert len(kept) < len(right)
    write(path, 0)
    sweep(study, path, executor)
    assert set(comparable(load_study(study))) == right


def test_a_verification_is_of_the_same_data(tmp_path, right):
    write(tmp_path / "x.npz", 1)
    study = load_study(tmp_path / "right.study")
    with pytest.raises(StudyError, match="does not hold the data"):
        verify(study, specification_of(tmp_path / "x.npz"), 3)


def test_what_is_parsed_is_what_was_digested(tmp_path, monkeypatch):
    """The file is replaced before or after it is opened, at random."""
    path = tmp_path / "x.npz"
    write(path, 0)
    expected = File(path).draw(6, 2, None).X
    pinned = File(path).pinned(File(path).digest())
    chance, real = random.Random(0), module.open_input

    def replaced_before_or_after(name):
        write(path, chance.randrange(2))
        handle = real(name)
        if chance.random() < 0.5:
            overwritten_with_the_same_times(path)
        return handle

    monkeypatch.setattr(module, "open_input", replaced_before_or_after)
    drawn = 0
    for _ in range(40):
        write(path, 0)
        try:
            X = pinned.draw(6, 2, None).X
        except ValueError:
            continue
        drawn += 1
        np.testing.assert_array_equal(X, expected)
    assert drawn


def test_a_pinned_file_is_spelled_as_the_file_and_read_once(tmp_path, monkeypatch):
    path = tmp_path / "x.npz"
    write(path, 0)
    file = File(path, normalize=False)
    pinned = file.pinned(file.digest())
    assert pinned.specification() == file.specification()
    assert pinned.name == file.name
    pinned.draw(6, 2, None)
    monkeypatch.setattr("overparam.model.data.file.open_input", lambda path: pytest.fail("read again"))
    pinned.draw(6, 2, None).X[:] = 0.0
    assert pinned.draw(6, 2, None).X.any()
