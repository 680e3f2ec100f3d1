"""Salvage keeps all undamaged trials of a damaged study, and nothing else."""

import random

import pytest

from overparam.studies import Cell, Grid, NotAStudy, Shard, StudyError, TrialRow, load_study, salvage
from overparam.studies.store import Store
from overparam.sweeps import run_sweep
from tests.studies.damage import change, flip
from tests.studies.test_integrity import older
from tests.sweeps.driver import GRID
from tests.sweeps.fakes import comparable, execution, specification
from tests.sweeps.test_faults import Driver, keys


@pytest.fixture
def study(tmp_path):
    path = tmp_path / "a.study"
    run_sweep(path, specification(), GRID, execution(), written="version = 1")
    return path


def test_a_whole_study_is_copied(study, tmp_path):
    result = salvage(study, tmp_path / "b.study")
    assert (result.kept, result.lost, result.damaged_pages) == (len(GRID), {}, ())
    one, other = load_study(study), load_study(tmp_path / "b.study")
    assert one.rows() == other.rows()
    assert one.cells() == other.cells()
    assert one.specification == other.specification
    assert one.sessions == other.sessions
    assert (one.sweep_file, one.status()["shard"]) == (other.sweep_file, other.status()["shard"])


def test_one_wrong_value_costs_one_trial(study, tmp_path):
    change(study, "UPDATE trial SET iterations = iterations + 1 WHERE k = 3 AND d = 2 AND trial = 7")
    result = salvage(study, tmp_path / "b.study")
    assert (result.kept, result.lost) == (len(GRID) - 1, {Cell(6, 3, 2): 1})
    assert len(result.damaged_pages) == 1
    run_sweep(tmp_path / "b.study", specification(), GRID, execution())
    other = tmp_path / "other.study"
    run_sweep(other, specification(), GRID, execution())
    assert comparable(load_study(tmp_path / "b.study")) == comparable(load_study(other))


def test_a_page_of_noise_costs_what_was_in_it_and_one_without_a_head_nothing(study, tmp_path):
    content, chance, expected = study.read_bytes(), random.Random(0), set(load_study(study))
    lost, refused = [], 0
    for page in range(0, len(content) // 4096, 3):
        start = 4096 * page
        for width in (8, 4096):
            harmed = content[:start] + chance.randbytes(width) + content[start + width :]
            (tmp_path / "b.study").write_bytes(harmed)
            target = tmp_path / f"{page}-{width}.study"
            try:
                kept = salvage(tmp_path / "b.study", target).kept
            except NotAStudy:  # the page with the specification
                refused += 1
                continue
            found = set(load_study(target))
            assert found <= expected
            assert kept == len(found)
            lost.append((width, len(expected) - len(found)))
    assert refused <= 2
    assert all(many == 0 for width, many in lost if width == 8)
    assert max(many for _, many in lost) < 60  # a page holds about forty
    assert sum(many > 0 for _, many in lost) > 3


def test_long_messages_go_on_in_other_pages(tmp_path):
    path = tmp_path / "a.study"
    rows = [f"{k} " + "é" * 6000 for k in range(20)]
    with Store(path, {"seed": 0}, {}) as store:
        for trial, text in enumerate(rows):
            store.add(TrialRow(6, 2, 1, trial, "failed", 0, 0, None, None, None, 4, 0.0, text))
    salvage(path, tmp_path / "b.study")
    assert [row.message for row in load_study(tmp_path / "b.study")] == rows


def test_what_is_only_in_the_log_of_a_killed_study_is_taken_too(tmp_path):
    study = tmp_path / "a.study"
    driver = Driver(study, tmp_path / "log")
    driver.wait_for(150)
    saved = driver.kill()
    log = study.with_name("a.study-wal")
    content = log.read_bytes()
    log.write_bytes(flip(content, 8 * (len(content) // 3)))
    with pytest.raises(NotAStudy, match="log of the killed writer"):
        load_study(study)
    salvage(study, tmp_path / "b.study")
    assert len(saved - keys(tmp_path / "b.study")) <= 1


def test_shards_keep_their_part(tmp_path):
    study = tmp_path / "a.study"
    run_sweep(study, specification(), GRID.only(Shard(2, 3)), execution())
    of_one_cell = sum(key.k == 3 and key.d == 2 for key in GRID.only(Shard(2, 3)))
    change(study, "UPDATE trial SET seconds = 9 WHERE k = 3 AND d = 2")
    salvage(study, tmp_path / "b.study")
    status = load_study(tmp_path / "b.study").status()
    assert (status["shard"], status["left"]) == ("2/3", of_one_cell)


def test_without_its_specification_a_study_is_refused(study, tmp_path):
    change(study, "UPDATE specification SET value = '3' WHERE name = 'seed'")
    with pytest.raises(NotAStudy, match=r"specification of .* is damaged"):
        salvage(study, tmp_path / "b.study")
    assert not (tmp_path / "b.study").exists()


def test_what_is_refused(study, tmp_path):
    (tmp_path / "there").touch()
    for target in (tmp_path / "there", study):
        with pytest.raises(ValueError, match=r"exists|is the input file"):
            salvage(study, target)
    with pytest.raises(StudyError, match="No such file"):
        salvage(tmp_path / "none.study", tmp_path / "b.study")
    (tmp_path / "text").write_text("hello" * 5000)
    with pytest.raises(NotAStudy, match="specification"):
        salvage(tmp_path / "text", tmp_path / "b.study")
    older(tmp_path / "old.study", 3)
    with pytest.raises(NotAStudy, match="specification"):
        salvage(tmp_path / "old.study", tmp_path / "b.study")
    half = Grid.of(GRID.cells[:3], trials=2)
    with Store(study, specification().describe(), {}) as store:
        store.request(half)
        with pytest.raises(StudyError, match="is being written"):
            salvage(study, tmp_path / "b.study")


def test_a_schema_that_sqlite_cannot_even_quote(study, tmp_path):
    """SQLite's own error message about this schema is not valid UTF-8."""
    content = study.read_bytes()
    assert content.count(b"CREATE TABLE tally") == 1
    study.write_bytes(content.replace(b"CREATE TABLE tally", b"CREATE \xf4ABLE tally"))
    with pytest.raises(NotAStudy, match="schema is not readable"):
        load_study(study)
    assert salvage(study, tmp_path / "b.study").kept == len(GRID)
