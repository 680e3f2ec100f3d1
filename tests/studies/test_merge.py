"""Merging several study files into one."""

import pytest

from overparam.studies import Grid, Shard, SpecificationMismatch, StudyError, load_study, merge_studies
from overparam.sweeps import run_sweep
from tests.studies.damage import change, reseal
from tests.sweeps.fakes import Fake, comparable, execution, specification

GRID = Grid.product([5, 8], [0, 2, 4], [1, 3], trials=5)


@pytest.fixture
def whole(tmp_path):
    path = tmp_path / "whole.study"
    run_sweep(path, specification(), GRID, execution())
    return path


@pytest.fixture
def shards(tmp_path):
    paths = [tmp_path / f"{number}.study" for number in (1, 2, 3)]
    for number, path in enumerate(paths, 1):
        run_sweep(path, specification(), GRID.only(Shard(number, 3)), execution())
    return paths


def test_merged_shards_are_the_whole(tmp_path, whole, shards):
    target = tmp_path / "merged.study"
    assert merge_studies(target, shards) == len(GRID)
    merged = load_study(target)
    assert comparable(merged) == comparable(load_study(whole))
    assert len(merged.sessions) == 3
    assert (merged.status()["left"], merged.status()["shard"]) == (0, "1/1")
    assert merged.cells() == load_study(whole).cells()


def test_merging_again_changes_nothing(tmp_path, shards):
    target = tmp_path / "merged.study"
    merge_studies(target, shards)
    before = load_study(target).rows(), load_study(target).numbered_sessions()
    assert merge_studies(target, [*shards, target]) == 0
    assert (load_study(target).rows(), load_study(target).numbered_sessions()) == before


def test_a_merged_study_goes_on(tmp_path, whole, shards):
    target, log = tmp_path / "merged.study", tmp_path / "log"
    merge_studies(target, shards[1:])
    run_sweep(target, specification(), GRID, execution(Fake(str(log))))
    assert comparable(load_study(target)) == comparable(load_study(whole))
    trained = [tuple(map(int, line.split())) for line in log.read_text().splitlines()]
    assert set(trained) == {key for key in GRID.only(Shard(1, 3)) if key.k}


def test_what_failed_in_one_file_is_taken_from_another(tmp_path, whole):
    target = tmp_path / "a.study"
    run_sweep(target, specification(), GRID, execution(Fake(poison=((2, 1, 0),))))
    assert load_study(target).status()["failed"] == 2
    assert merge_studies(target, [whole]) == 2
    assert comparable(load_study(target)) == comparable(load_study(whole))
    other = tmp_path / "b.study"
    run_sweep(other, specification(), GRID, execution(Fake(poison=((2, 1, 0),))))
    assert merge_studies(target, [other]) == 0
    assert load_study(target).status()["failed"] == 0


def test_another_specification_is_refused_before_anything_is_written(tmp_path, whole):
    other = tmp_path / "other.study"
    run_sweep(other, specification(seed=7), GRID, execution())
    target = tmp_path / "merged.study"
    with pytest.raises(SpecificationMismatch, match=r"seed \(whole.study: 0, other.study: 7\)"):
        merge_studies(target, [whole, other])
    assert not target.exists()
    with pytest.raises(SpecificationMismatch, match="seed"):
        merge_studies(other, [whole])
    assert load_study(other).status()["done"] == len(GRID)


def test_nothing_to_merge_and_a_missing_file(tmp_path, whole):
    with pytest.raises(ValueError, match="at least one study"):
        merge_studies(whole, [whole])
    with pytest.raises(StudyError, match="No such file"):
        merge_studies(tmp_path / "merged.study", [tmp_path / "none.study"])


def test_studies_that_contradict_each_other_are_refused_and_nothing_is_written(tmp_path, whole):
    """Trials of the other study have different outcomes, as if an older program with a fault made them."""
    other, third = tmp_path / "other.study", tmp_path / "third.study"
    run_sweep(other, specification(), GRID, execution())
    run_sweep(third, specification(), Grid.of(GRID.cells[:2], trials=1), execution())
    change(
        other, "UPDATE trial SET iterations = iterations + 1, seconds = 7 WHERE k = 2 AND d = 3 AND trial < 2"
    )
    reseal(other, tallied=True)
    target = tmp_path / "merged.study"
    for sources in ([whole, other], [other, whole], [third, whole, other]):
        with pytest.raises(SpecificationMismatch) as refused:
            merge_studies(target, sources)
        assert "4 trials have different outcomes" in str(refused.value)
        assert "(5, 2, 3, 0), (5, 2, 3, 1), (8, 2, 3, 0), …" in str(refused.value)
        assert "whole.study" in str(refused.value)
        assert "other.study" in str(refused.value)
        assert refused.value.exit_code == 2
        assert not target.exists()
    before = whole.read_bytes()
    with pytest.raises(SpecificationMismatch, match="different outcomes"):
        merge_studies(whole, [other])
    assert whole.read_bytes() == before


def test_the_same_outcome_at_another_pace_is_no_contradiction(tmp_path, whole):
    other = tmp_path / "other.study"
    run_sweep(other, specification(), GRID, execution())
    change(other, "UPDATE trial SET seconds = seconds + 1")
    reseal(other, tallied=True)
    target = tmp_path / "merged.study"
    assert merge_studies(target, [whole, other]) == len(GRID)
    assert load_study(target).rows() == load_study(whole).rows()
