"""Sweeps in rounds: the same trials in any order, after kills and resumes; what the study reports."""

import math

import pytest

from overparam.components.faults import PluginFailure
from overparam.model.initializations import Scaled
from overparam.runs import Engine, Portable
from overparam.studies import Cell, Grid, Shard, crossings, load_study, merge_studies, salvage
from overparam.sweeps import BoundarySearch, Design, FullGrid, Processes, dry_run, run_sweep
from tests.sweeps.driver import BOUNDARY, COLUMNS
from tests.sweeps.fakes import Rising, comparable, execution, specification, trained
from tests.sweeps.test_faults import Driver, keys
from tests.sweeps.test_runner import Inline


def search(path, engine=None, executor=None, report=lambda progress: None, columns=COLUMNS, **changed):
    run_sweep(
        path,
        specification(**changed),
        columns,
        execution(engine or Rising(), executor),
        report,
        design=BOUNDARY,
        limited=False,
    )
    return load_study(path)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return search(tmp_path_factory.mktemp("whole") / "whole.study")


def test_the_boundary_is_found_with_no_grid_given(undisturbed):
    found = {crossing.d: crossing for crossing in crossings(undisturbed)}
    assert [*found] == [2, 4, 6]
    for d, crossing in found.items():
        assert abs(math.log(crossing.k * d / 36.0)) < 3.5 * crossing.standard_error
        assert crossing.standard_error < BOUNDARY.error or crossing.trials == BOUNDARY.trials
    assert undisturbed.status()["left"] == 0
    assert undisturbed.plan.finished
    assert undisturbed.plan.rounds > 3
    # An odd width has the same acting units as the even width below it.
    assert {row.k % 2 for row in undisturbed.rows()} == {0}


def test_executors_and_chunks_change_no_trial(tmp_path, undisturbed, monkeypatch):
    for name, executor in (("inline", Inline()), ("processes", Processes(workers=2))):
        study = search(tmp_path / f"{name}.study", executor=executor)
        assert comparable(study) == comparable(undisturbed)
        assert study.plan == undisturbed.plan
    monkeypatch.setattr(Engine, "most_trials", 1)
    assert comparable(search(tmp_path / "single.study")) == comparable(undisturbed)


def test_a_pool_lives_through_all_rounds(tmp_path):
    executor = Inline()
    search(tmp_path / "a.study", executor=executor)
    assert len(executor.pools) == 1


@pytest.mark.parametrize("executor", ["serial", "processes:workers=2"])
def test_killed_and_run_again_is_undisturbed(tmp_path, undisturbed, executor):
    path, log, saved = tmp_path / "a.study", tmp_path / "log", set()
    for rows in (3, 20, 30):
        driver = Driver(path, log, executor, "boundary")
        driver.wait_for(rows)
        newly = driver.kill()
        assert not newly & saved
        saved |= newly
        assert saved <= keys(path)
    study = search(path)
    assert comparable(study) == comparable(undisturbed)
    assert study.plan == undisturbed.plan


def test_interrupted_after_every_report_is_undisturbed(tmp_path, undisturbed):
    path = tmp_path / "a.study"

    def interrupt(progress):
        if progress.rows:
            raise KeyboardInterrupt

    for _ in range(1000):
        try:
            study = search(path, report=interrupt)
            break
        except KeyboardInterrupt:
            continue
    assert comparable(study) == comparable(undisturbed)
    assert study.plan == undisturbed.plan


def test_run_again_a_finished_search_trains_nothing(tmp_path):
    log = tmp_path / "log"
    search(tmp_path / "a.study", Rising(str(log)))
    before = trained(log)
    assert len(before) == len(set(before))
    search(tmp_path / "a.study", Rising(str(log)))
    assert trained(log) == before


def test_each_n_and_d_has_the_same_trials_alone(tmp_path, undisturbed):
    first, rest = (Grid.product([24], [1], d, trials=1) for d in ([2, 4], [6]))
    search(tmp_path / "first.study", columns=first)
    search(tmp_path / "rest.study", columns=rest)
    merge_studies(tmp_path / "both.study", [tmp_path / "first.study", tmp_path / "rest.study"])
    both = load_study(tmp_path / "both.study")
    assert comparable(both) == comparable(undisturbed)
    assert both.plan.finished
    assert crossings(both) == crossings(undisturbed)
    assert comparable(search(tmp_path / "both.study")) == comparable(undisturbed)


def test_a_grid_and_a_search_merge_and_go_on_from_each_other(tmp_path, undisturbed):
    grid = Grid.product([24], [8, 10, 12], [4], trials=5)
    run_sweep(tmp_path / "grid.study", specification(), grid, execution(Rising()))
    merge_studies(tmp_path / "both.study", [tmp_path / "grid.study", undisturbed.path])
    assert {row[:4] for row in load_study(tmp_path / "both.study")} == {
        row[:4] for study in (load_study(tmp_path / "grid.study"), undisturbed) for row in study
    }
    # The search uses the trials of the grid and does not ask for them again.
    narrowed = search(tmp_path / "grid.study", columns=Grid.product([24], [1], [4], trials=1))
    [crossing] = crossings(narrowed)
    assert crossing.standard_error < BOUNDARY.error
    [alone] = [each for each in crossings(undisturbed) if each.d == 4]
    assert crossing.trials - len(grid) < alone.trials
    run_sweep(tmp_path / "grid.study", specification(), grid, execution(Rising()))
    assert load_study(tmp_path / "grid.study").status()["left"] == 0


def test_a_salvaged_search_goes_on(tmp_path, undisturbed):
    salvage(undisturbed.path, tmp_path / "new.study")
    assert load_study(tmp_path / "new.study").plan == undisturbed.plan


def test_limits_are_kept(tmp_path):
    run_sweep(
        tmp_path / "a.study",
        specification(),
        Grid.product([24], range(3, 8), [2, 6], trials=1),
        execution(Rising()),
        design=BOUNDARY,
    )
    study = load_study(tmp_path / "a.study")
    assert {row.k for row in study.rows()} <= {4, 6}
    narrow, wide = crossings(study)
    # At d = 2 the boundary is 18, which is beyond the limits.
    assert (narrow.k, narrow.k_high, narrow.standard_error) == (None, None, None)
    assert narrow.k_low > 6
    assert narrow.trials <= 5
    assert wide.k == pytest.approx(6.0, rel=0.3)


def test_limits_may_change_within_a_round(tmp_path):
    """Trials that were requested beyond the new limits are not trained."""

    def stop(progress):
        raise KeyboardInterrupt

    path = tmp_path / "a.study"
    with pytest.raises(KeyboardInterrupt):
        search(path, report=stop, columns=Grid.product([96], [1], [2], trials=1))
    study = load_study(path)
    assert max(cell.k for cell in study.plan.targets) > 60
    run_sweep(
        path,
        specification(),
        Grid.product([96], [2, 60], [2], trials=1),
        execution(Rising()),
        design=BOUNDARY,
    )
    assert study.status()["done"] > 0
    assert max(row.k for row in study) <= 60


def test_where_every_unit_acts_odd_widths_are_asked_for_too(tmp_path):
    study = search(tmp_path / "a.study", initialization=Scaled())
    assert {row.k % 2 for row in study.rows()} == {0, 1}
    assert str(study.parameter_count()) == "kd"


def test_trials_that_fail_hold_back_their_own_column_and_are_tried_again(tmp_path, undisturbed):
    path, cell = tmp_path / "a.study", (12, 4)
    poison = Rising(poison=tuple((*cell, trial) for trial in range(200)))
    study = search(path, poison)
    assert study.status()["failed"] == 1
    assert not study.plan.finished
    rows = [row for row in comparable(study) if row.d != 4]
    assert rows == [row for row in comparable(undisturbed) if row.d != 4]
    assert comparable(search(path)) == comparable(undisturbed)


def test_a_tighter_error_goes_on_from_a_wider_one(tmp_path, undisturbed):
    path = tmp_path / "a.study"
    run_sweep(path, specification(), COLUMNS, execution(Rising()), design=BoundarySearch(0.2), limited=False)
    before = load_study(path)
    assert before.plan.design == "boundary:error=0.2"
    study = search(path)
    assert study.plan.design == BOUNDARY.specification()
    assert {row[:4] for row in before} <= {row[:4] for row in study}


def test_a_shard_of_a_search_is_refused(tmp_path):
    with pytest.raises(ValueError, match="cannot be sharded"):
        run_sweep(
            tmp_path / "a.study",
            specification(),
            COLUMNS.only(Shard(1, 2)),
            execution(Rising()),
            design=BOUNDARY,
        )
    assert not (tmp_path / "a.study").exists()


def test_a_design_that_leaves_what_was_asked_for_is_named(tmp_path):
    class Astray(FullGrid):
        in_rounds = True

        def next_round(self, request, tallies):
            return {Cell(24, 4, 99): 1}

    with pytest.raises(PluginFailure, match="which was not requested"):
        run_sweep(
            tmp_path / "a.study",
            specification(),
            COLUMNS,
            execution(Rising()),
            design=Astray(),
            limited=False,
        )


def test_a_design_that_repeats_itself_ends(tmp_path):
    class Stubborn(FullGrid):
        in_rounds = True

    assert isinstance(Stubborn(), Design)
    poison = Rising(poison=((1, 2, 0),))
    run_sweep(tmp_path / "a.study", specification(), COLUMNS, execution(poison), design=Stubborn())
    assert load_study(tmp_path / "a.study").status()["failed"] == 1


def test_a_dry_run_foresees_about_what_is_trained(tmp_path, undisturbed):
    foreseen = dry_run(
        tmp_path / "a.study",
        specification(),
        COLUMNS,
        execution(Portable()),
        design=BOUNDARY,
        limited=False,
    )
    trained_at_last = len(undisturbed.rows())
    assert foreseen.done == 0
    assert 0.4 * trained_at_last < foreseen.left < 2.5 * trained_at_last
    after = dry_run(
        undisturbed.path, specification(), COLUMNS, execution(Portable()), design=BOUNDARY, limited=False
    )
    assert (after.done, after.left) == (trained_at_last, 0)
