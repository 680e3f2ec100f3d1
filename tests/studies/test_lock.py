"""A study has one writer, under any name of its file; no other file of the user is touched."""

import os

import pytest

from overparam.studies import NotAStudy, StudyError, load_study
from overparam.studies.lock import WriterLock, holder
from overparam.sweeps import run_sweep
from tests.sweeps.driver import GRID
from tests.sweeps.fakes import comparable, execution, specification
from tests.sweeps.test_faults import Driver


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "a.study"
    run_sweep(path, specification(), type(GRID).of(GRID.cells[:1], trials=1), execution())
    return path


def test_a_study_has_one_writer_whatever_its_name(study, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    other = tmp_path / "elsewhere" / "b.study"
    os.link(study, other)
    driver = Driver(study, tmp_path / "log")
    driver.wait_for(1)
    with pytest.raises(StudyError, match="by another process under another name"):
        run_sweep(other, specification(), GRID, execution())
    assert holder(other) == "a process that opened it under another name"
    assert driver.finish() == ""
    assert holder(other) is None
    assert driver.process.returncode == 0
    assert len(load_study(study).rows()) == len(GRID)
    assert comparable(load_study(other)) == comparable(load_study(study))
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["b.study"]


def linked_text(path, victim):
    path.symlink_to(victim)


def other_text(path, victim):
    path.write_bytes(victim.read_bytes())


def second_name(path, victim):
    os.link(victim, path)


@pytest.mark.parametrize("make", [linked_text, other_text, second_name])
def test_what_has_the_name_of_the_lock_and_is_none_is_left_alone(study, tmp_path, make):
    victim, lock = tmp_path / "thesis.txt", tmp_path / "a.study-lock"
    victim.write_text("years of work")
    make(lock, victim)
    for _ in range(2):
        with pytest.raises(NotAStudy, match=r"a\.study-lock is not a lock file"):
            run_sweep(study, specification(), GRID, execution())
        assert holder(study) is None
    assert victim.read_text() == lock.read_text() == "years of work"
    assert lock.is_symlink() == (make is linked_text)


def test_a_link_to_nothing_makes_nothing(study, tmp_path):
    (tmp_path / "a.study-lock").symlink_to(tmp_path / "made")
    with pytest.raises(NotAStudy, match="is not a lock file"):
        WriterLock(study)
    assert not (tmp_path / "made").exists()


def test_what_an_introduction_says_is_shown_only_where_it_is_one(study, tmp_path):
    lock = tmp_path / "a.study-lock"
    lock.write_text("process 1 on \x1b[2J since 2026-01-01 00:00:00+00:00\nrm -rf")
    with pytest.raises(NotAStudy, match="is not a lock file"):
        WriterLock(study)
    assert load_study(study).status()["writer"] is None
