"""Sweeps whose training runs are killed midway: the same outcome bit for bit; at most one period is lost."""

import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from overparam.methods import GradientDescent
from overparam.runs import Portable, Status, StopRule
from overparam.studies import Grid, TrialKey, load_study
from overparam.studies.checkpoints import Checkpoints
from overparam.sweeps import Execution, run_sweep
from overparam.sweeps.keeping import made_by
from tests.sweeps.fakes import Fake, comparable, execution, specification

GRID = Grid.product([24], [6], [4], trials=3)
KEY = TrialKey(400, 40, 20, 0)


SOME = ("overparam", "0.0")
"""Origin of the engines of this file, which all count as the same engine."""


class Killed(KeyboardInterrupt):
    """Simulates that the process is killed."""


@dataclass(frozen=True)
class Mortal(Portable):
    """The portable engine; its session ends after the given number of checkpoints, if one is given."""

    name: ClassVar[str] = "portable"
    _origin = SOME
    left: tuple[int, ...] = ()

    def run(self, job):
        keeper, left = job.keeper, list(self.left)

        class Counting:
            period = 0.0

            def find(self, position):
                return keeper.find(position)

            def keep(self, position, snapshot):
                keeper.keep(position, snapshot)
                left[0] -= 1
                if left[0] == 0:
                    raise Killed

        yield from super().run(replace(job, keeper=Counting()) if self.left else job)


LONG = specification(optimizer=GradientDescent(0.02), stop=StopRule(50, 1e-9))


def sweep(path, engine=None, report=lambda progress: None, **parts):
    run_sweep(path, replace(LONG, **parts), GRID, execution(engine or Mortal()), report)
    return load_study(path)


def cut_off(path, after, **parts):
    """Run a session that ends after it has written `after` checkpoints."""
    with pytest.raises(Killed):
        sweep(path, Mortal(left=(after,)), **parts)


@pytest.fixture
def whole(tmp_path):
    return comparable(sweep(tmp_path / "whole.study"))


@pytest.fixture
def cut(tmp_path):
    """A study whose session was interrupted while all its trials were running."""
    path = tmp_path / "a.study"
    cut_off(path, 3 * 20)
    return path


def notes_of(path):
    notes = []
    study = sweep(path, report=lambda progress: notes.extend(progress.notes))
    return study, notes


def test_what_was_under_way_goes_on_and_its_checkpoints_go(cut, whole):
    checkpoints = Checkpoints.of(cut)
    assert sorted(checkpoints.keys()) == list(GRID)
    assert load_study(cut).status()["checkpoints"] == 3
    seen = []

    @dataclass(frozen=True)
    class Watching(Portable):
        name: ClassVar[str] = "portable"
        _origin = SOME

        def run(self, job):
            seen.extend(job.keeper.find(position).iteration for position in range(len(job.problems)))
            yield from super().run(job)

    assert comparable(sweep(cut, Watching())) == whole
    assert seen == [20, 20, 20]
    assert not checkpoints.folder.exists()
    assert load_study(cut).status()["checkpoints"] == 0


def test_killed_again_and_again_every_iterate_is_reached_once(tmp_path, whole):
    path = tmp_path / "a.study"
    for after in (1, 3, 3 * 7, 3 * 30, 2):
        cut_off(path, after)
    assert comparable(sweep(path)) == whole


HARM = {
    "a flipped bit": lambda content, chance: _flipped(content, chance.randrange(8 * len(content))),
    "cut": lambda content, chance: content[: chance.randrange(len(content))],
    "empty": lambda content, chance: b"",
    "longer": lambda content, chance: content + b"\0",
    "noise": lambda content, chance: chance.randbytes(len(content)),
    "another file": lambda content, chance: b"a file of somebody else\n",
}


def _flipped(content, bit):
    harmed = bytearray(content)
    harmed[bit // 8] ^= 1 << bit % 8
    return bytes(harmed)


@pytest.mark.parametrize("harm", HARM)
def test_damage_is_said_and_the_trial_begins_anew(cut, whole, harm):
    chance = random.Random(harm)
    checkpoints = Checkpoints.of(cut)
    for key in GRID:
        path = checkpoints.path(key)
        path.write_bytes(HARM[harm](path.read_bytes(), chance))
    study, notes = notes_of(cut)
    assert comparable(study) == whole
    assert len(notes) == 3
    assert all("is not used, its trial starts again: it is " in note for note in notes)
    # A file that is not a checkpoint of this study is never removed.
    foreign = harm in ("empty", "noise", "another file")
    assert checkpoints.folder.exists() or not foreign


def test_every_flipped_bit_is_found(cut):
    checkpoints, chance = Checkpoints.of(cut), random.Random(0)
    key = next(iter(GRID))
    path = checkpoints.path(key)
    content = path.read_bytes()
    for _ in range(300):
        path.write_bytes(_flipped(content, chance.randrange(8 * len(content))))
        with pytest.raises(ValueError, match=r"damaged|not a checkpoint|cannot be read"):
            checkpoints.read(key, {})


def test_a_checkpoint_of_another_trial_is_not_used(cut, whole):
    checkpoints = Checkpoints.of(cut)
    one, other, _ = GRID
    checkpoints.path(one).write_bytes(checkpoints.path(other).read_bytes())
    study, notes = notes_of(cut)
    assert comparable(study) == whole
    assert [note.rpartition(": ")[2] for note in notes] == ["it belongs to another trial"]


@pytest.mark.parametrize("part", ["overparam", "numpy", "engine", "components", "backend", "processor"])
def test_what_was_made_otherwise_is_not_used(cut, whole, part):
    """A checkpoint made by another version, engine or processor could lead to another outcome."""
    checkpoints = Checkpoints.of(cut)
    ours = made_by(_digest_of(checkpoints.path(KEY0)), LONG, execution().backend, Mortal())
    snapshot = checkpoints.read(KEY0, ours)
    checkpoints.write(KEY0, {**ours, part: "another 0.0"}, snapshot)
    study, notes = notes_of(cut)
    assert comparable(study) == whole
    assert [f"it was computed with {part} another 0.0, here " in note for note in notes] == [True]


KEY0 = next(iter(GRID))


def _digest_of(path):
    return path.read_bytes().partition(b'"specification": "')[2].partition(b'"')[0].decode()


def test_another_data_type_or_budget_is_another_specification(tmp_path, cut):
    """A new study with the same name does not use the checkpoints of the first study."""
    cut.unlink()
    other = replace(LONG, recipe=replace(LONG.recipe, dtype="float64"))
    notes = []
    run_sweep(cut, other, GRID, execution(Mortal()), lambda progress: notes.extend(progress.notes))
    assert len(notes) == 3
    assert all("it was computed with specification " in note for note in notes)
    run_sweep(tmp_path / "b.study", other, GRID, execution(Mortal()))
    assert comparable(load_study(cut)) == comparable(load_study(tmp_path / "b.study"))
    assert not Checkpoints.of(cut).folder.exists()


def test_a_link_in_its_place_is_neither_followed_nor_removed(cut, tmp_path, whole):
    checkpoints, target = Checkpoints.of(cut), tmp_path / "precious"
    path = checkpoints.path(KEY0)
    path.rename(target)
    path.symlink_to(target)
    content = target.read_bytes()
    cut_off(cut, 3)
    study, notes = notes_of(cut)
    assert comparable(study) == whole
    assert [note.rpartition(": ")[2] for note in notes] == ["it is a link"]
    assert path.is_symlink()
    assert target.read_bytes() == content


def test_a_worker_that_does_not_see_the_study_keeps_nothing(tmp_path):
    from overparam.sweeps.keeping import Place

    study = tmp_path / "a.study"
    sweep(study)
    place = Place.of(study, LONG.describe(), 1.0)
    asked = LONG, execution().backend, Portable(), [KEY0]
    assert place.keeper(*asked) is not None
    assert replace(place, inode=place.inode + 1).keeper(*asked) is None
    assert replace(place, study=tmp_path / "b.study").keeper(*asked) is None
    assert place.keeper(*asked[:2], Fake(), [KEY0]) is None


def test_a_folder_that_cannot_be_written_costs_no_training(tmp_path, whole):
    path = tmp_path / "a.study"
    Checkpoints.of(path).folder.write_text("in the way")
    cut_off(path, 3)
    assert comparable(sweep(path)) == whole
    assert Checkpoints.of(path).folder.read_text() == "in the way"


@dataclass(frozen=True)
class Forgetful(Fake):
    """Trains nothing and cannot save the state of a training run."""

    name: ClassVar[str] = "forgetful"


def test_an_engine_that_does_not_resume_is_named_where_runs_take_long(tmp_path):
    def said(updates):
        notes, path = [], tmp_path / f"{updates}.study"
        long = specification(stop=StopRule(updates))
        report = lambda progress: notes.extend(progress.notes)  # noqa: E731
        run_sweep(path, long, Grid.product([40], [4], [4], trials=1), execution(Forgetful()), report)
        return notes

    assert said(1000) == []
    assert said(100_000_000) == [
        "the engine forgetful cannot save the state of a training run: a run that is killed starts again"
    ]


@pytest.mark.parametrize("period", [-1.0, float("nan"), float("inf")])
def test_a_period_is_a_finite_number(period):
    with pytest.raises(ValueError, match="seconds between checkpoints"):
        Execution(execution().backend, (Portable(),), execution().executor, period)


class Session:
    """`overparam sweep` of one long training run, in its own process group."""

    def __init__(self, study, engine, executor, updates, period):
        n, k, d, _ = KEY
        options = {
            "n": n,
            "k": k,
            "d": d,
            "trials": 1,
            "optimizer": "gd:step_size=0.01",
            "max-iterations": updates,
            "tolerance": 1e-9,
            "executor": executor,
            "study": study,
            "checkpoint-every": period,
        }
        command = [sys.executable, "-m", "overparam", "-q", "--engine", engine, "sweep"]
        command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def kill(self, after, checkpoint):
        """Kill the session `after` seconds after its first checkpoint.

        Return the age of the last checkpoint in seconds, or None if the session had ended by itself.
        """
        began, before = time.monotonic(), _written(checkpoint)
        while _written(checkpoint) == before and self.process.poll() is None:
            assert time.monotonic() < began + 120, "the session writes no checkpoint"
            time.sleep(0.01)
        time.sleep(after)
        killed, over = time.time(), self.process.poll() is not None
        self.process.kill()
        last = _written(checkpoint)
        self.process.communicate(timeout=60)
        return None if over or last is None else killed - last

    def finish(self):
        _, errors = self.process.communicate(timeout=600)
        assert self.process.returncode == 0, errors


def _written(checkpoint):
    try:
        return checkpoint.stat().st_mtime
    except FileNotFoundError:
        return None


def iterations_of(checkpoint):
    return int(checkpoint.read_bytes().partition(b'"iteration": ')[2].partition(b",")[0])


def check_kills(tmp_path, engine, executor, updates, moments, period):
    """Kill one training run at these moments; return the seconds lost and the iteration saved at each kill.

    Return None if the run ended before it was killed.
    """
    whole, study = tmp_path / "whole.study", tmp_path / "a.study"
    Session(whole, engine, "serial", updates, 0).finish()
    checkpoint = Checkpoints.of(study).path(KEY)
    lost, reached = [], [0]
    for moment in moments:
        seconds = Session(study, engine, executor, updates, period).kill(moment, checkpoint)
        if seconds is None:
            return None
        lost.append(seconds)
        reached.append(iterations_of(checkpoint))
        assert load_study(study).status()["checkpoints"] == 1
    assert reached == sorted(set(reached)), "a session started again from the beginning"
    assert reached[-1] < updates
    Session(study, engine, executor, updates, period).finish()
    assert comparable(load_study(study)) == comparable(load_study(whole))
    assert [row.status for row in load_study(study)] == [str(Status.BUDGET_EXHAUSTED)]
    assert not checkpoint.parent.exists()
    # On a busy machine an inspection or a write may be late.
    assert max(lost) < period + 1.0, lost
    return lost, reached


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_a_long_run_killed_twice_ends_as_if_it_had_not_been(tmp_path):
    for updates in (6_000, 24_000, 96_000):  # machines differ in speed
        folder = tmp_path / str(updates)
        folder.mkdir()
        if check_kills(folder, "portable", "serial", updates, (0.1, 0.2), 0.2) is not None:
            return
    pytest.fail("the run ended before it was killed")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
@pytest.mark.parametrize("executor", ["serial", "processes:workers=2"])
@pytest.mark.parametrize(("engine", "updates"), [("portable", 60_000), ("numba", 600_000)])
def test_a_long_run_killed_at_ten_random_moments(tmp_path, engine, updates, executor):
    if engine == "numba":
        pytest.importorskip("overparam_numba")
    chance = random.Random(f"{engine} {executor}")
    moments = [chance.uniform(0.0, 3.0) for _ in range(10)]
    for factor in (1, 3, 9):  # machines differ in speed
        folder = tmp_path / str(factor)
        folder.mkdir()
        found = check_kills(folder, engine, executor, factor * updates, moments, 1.0)
        if found is not None:
            break
    assert found is not None, "the run ended before it was killed"
    lost, reached = found
    print(f"{engine}, {executor}: lost {[f'{s:.2f}' for s in lost]} s of 1; went on at {reached[1:]}")


def test_the_folder_is_beside_the_study_that_a_link_leads_to(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    real, link = tmp_path / "elsewhere" / "real.study", tmp_path / "a.study"
    real.touch()
    link.symlink_to(real)
    assert Checkpoints.of(link).folder == Path(f"{real}-checkpoints")
