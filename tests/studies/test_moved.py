"""A study is deleted, moved or replaced while it is written: the writer stops, and no trial is lost."""

import shutil

import pytest

from overparam.studies import StudyError, load_study
from overparam.studies.store import Store
from overparam.sweeps import run_sweep
from tests.sweeps.driver import GRID
from tests.sweeps.fakes import comparable, execution, specification

JOURNALS = {"wal": "ext4", "rollback": "nfs4"}


def delete(study):
    study.unlink()


def move(study):
    study.rename(study.with_name("moved.study"))


def replace(study):
    other = study.with_name("other")
    shutil.copy(study, other)
    other.rename(study)


def delete_all(study):
    for path in study.parent.glob("a.study*"):
        path.unlink()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The rows of the study that nobody harms."""
    path = tmp_path_factory.mktemp("whole") / "whole.study"
    run_sweep(path, specification(), GRID, execution())
    return comparable(load_study(path))


@pytest.mark.parametrize("journal", JOURNALS)
@pytest.mark.parametrize("harm", [delete, move, replace, delete_all])
@pytest.mark.parametrize("after", [1, 120, len(GRID) - 1, len(GRID)])
def test_it_stops_and_keeps_all_that_has_ended(tmp_path, monkeypatch, whole, journal, harm, after):
    monkeypatch.setattr("overparam.studies.connect._file_system", lambda path: JOURNALS[journal])
    study, told = tmp_path / "a.study", set()

    def report(progress):
        told.update(row[:4] for row in progress.rows)
        if len(told) >= after and study.exists() and not (tmp_path / "harmed").exists():
            (tmp_path / "harmed").touch()
            harm(study)

    with pytest.raises(
        StudyError, match=r"was deleted, moved or replaced while .*a\.study\.rescued"
    ) as stopped:
        run_sweep(study, specification(), GRID, execution(), report)
    assert stopped.value.exit_code == 1
    rescued = tmp_path / "a.study.rescued"
    rows = load_study(rescued).rows()
    assert told <= {row[:4] for row in rows}
    assert f"all {len(rows):,} trials" in str(stopped.value)
    # As the message says: move the rescued file to the study's place and run the same command again.
    for path in tmp_path.glob("a.study-*"):
        assert path.name == "a.study-lock"
    rescued.replace(study)
    run_sweep(study, specification(), GRID, execution())
    assert comparable(load_study(study)) == whole


def test_a_rescue_takes_no_name_that_is_taken_and_goes_elsewhere_where_the_folder_is_gone(
    tmp_path, monkeypatch
):
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    (tmp_path / "cwd" / "a.study.rescued").write_text("of another time")
    (tmp_path / "gone").mkdir()
    description = specification().describe()
    with (  # noqa: PT012 - the folder is deleted while the study is open
        pytest.raises(StudyError, match=r"cwd/a\.study\.rescued-2"),
        Store(tmp_path / "gone" / "a.study", description, {}) as store,
    ):
        store.request(GRID)
        shutil.rmtree(tmp_path / "gone")
    assert load_study(tmp_path / "cwd" / "a.study.rescued-2").cells()
    assert (tmp_path / "cwd" / "a.study.rescued").read_text() == "of another time"
