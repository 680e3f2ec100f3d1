"""Running sweeps: which trials are trained, in which chunks, and what happens when workers are lost."""

import math
import threading
from concurrent.futures import BrokenExecutor, Future
from concurrent.futures import Executor as FuturesExecutor
from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from overparam.arrays.backends import NumPy
from overparam.methods import LeastSquares
from overparam.runs import Engine, Portable, StopRule
from overparam.studies import Cell, Grid, StudyError, TrialKey, load_study
from overparam.sweeps import Executor, dry_run, run_sweep, trials, verify
from overparam.sweeps.chunks import chunks, problem_bytes, worst_first
from overparam.sweeps.cost import Cost
from overparam.sweeps.trials import Task, run_task
from tests.sweeps.fakes import Fake, comparable, execution, specification, trained

GRID = Grid.product([5, 8], [0, 1, 2, 4], [0, 1, 3], trials=3)
RUN = sorted(key for key in GRID if key.k and key.d)


@pytest.fixture(params=["one task after another", "drawn ahead"], autouse=True)
def _host(request, monkeypatch):
    monkeypatch.setattr(NumPy, "leaves_host_free", request.param == "drawn ahead")


@dataclass(frozen=True)
class Inline(Executor):
    """Trains in the calling thread; a deadly trial breaks the pool, as a lost worker does."""

    name: ClassVar[str] = "inline"
    deadly: tuple[TrialKey, ...] = ()
    pools: list[object] = field(default_factory=list)

    def create(self):
        self.pools.append(InlinePool(self.deadly))
        return self.pools[-1]

    def parallelism(self):
        return 2


class InlinePool(FuturesExecutor):
    def __init__(self, deadly):
        self.deadly, self.broken = deadly, False

    def submit(self, function, task):
        if self.broken:
            raise BrokenExecutor("broken")
        future = Future()
        if set(task.keys) & set(self.deadly):
            self.broken = True
            future.set_exception(BrokenExecutor("a process ended abruptly"))
        else:
            future.set_result(function(task))
        return future


def sweep(path, grid=GRID, engine=None, executor=None, report=lambda progress: None):
    run_sweep(path, specification(), grid, execution(engine, executor), report)
    return load_study(path)


def test_every_trial_is_trained_once_and_empty_cells_never(tmp_path):
    log = tmp_path / "log"
    study = sweep(tmp_path / "a.study", engine=Fake(str(log)))
    assert sorted(trained(log)) == RUN
    assert [row[:4] for row in study.rows()] == list(GRID)
    assert {row.status for row in study.rows() if not (row.k and row.d)} == {"empty"}
    sweep(tmp_path / "a.study", engine=Fake(str(log)))
    assert sorted(trained(log)) == RUN


def test_a_study_is_extended_by_what_is_new(tmp_path):
    log, path = tmp_path / "log", tmp_path / "a.study"
    sweep(path, engine=Fake(str(log)))
    larger = Grid.product([5, 8], [1, 2, 4, 5], [1, 3], trials=4)
    study = sweep(path, larger, Fake(str(log)))
    assert sorted(trained(log)) == sorted({*RUN, *larger})
    # Cells that are only in the first request keep their three trials.
    assert [row[:4] for row in study.rows()] == sorted({*GRID, *larger})
    assert study.status()["left"] == 0


def test_executor_order_and_chunks_change_no_row(tmp_path, monkeypatch):
    expected = comparable(sweep(tmp_path / "serial.study"))
    assert comparable(sweep(tmp_path / "inline.study", executor=Inline())) == expected
    for most in (1, 7, 100):
        monkeypatch.setattr(Engine, "most_trials", most)
        assert comparable(sweep(tmp_path / f"{most}.study")) == expected
    monkeypatch.setattr("overparam.sweeps.runner.worst_first", lambda grid, cost: grid.cells[::-1])
    assert comparable(sweep(tmp_path / "reversed.study")) == expected


def test_batches_of_any_company_change_no_row_of_a_real_engine(tmp_path, monkeypatch):
    small = Grid.product([8], [2, 3, 5], [1, 2, 4], trials=3)
    results = []
    for most in (1, 7, 100):
        monkeypatch.setattr(Portable, "most_trials", most)
        path = tmp_path / f"{most}.study"
        run_sweep(path, specification(stop=StopRule(30)), small, execution(Portable()))
        results.append(comparable(load_study(path)))
    assert results[0] == results[1] == results[2]


def test_progress_counts_what_is_on_the_disk(tmp_path):
    path, told = tmp_path / "a.study", []

    def check(progress):
        told.extend(progress.rows)
        assert progress.total == len(GRID)
        assert len(load_study(path).rows()) == progress.saved == len(told)

    sweep(path, report=check)
    assert sorted(row[:4] for row in told) == list(GRID)


@pytest.mark.parametrize(
    ("answer", "told"), [("warming up", "warming up"), (None, None), (ZeroDivisionError, None)]
)
def test_progress_says_what_the_engine_prepares_until_trials_are_saved(tmp_path, answer, told):
    class Preparing(Fake):
        def preparation(self, job):
            if answer is ZeroDivisionError:
                raise answer
            return answer

    heard = []
    for _ in range(2):
        sweep(
            tmp_path / "a.study", engine=Preparing(), report=lambda progress: heard.append(progress.preparing)
        )
    assert heard[0] == told
    assert set(heard[1:]) == {None}  # nothing is prepared for trials that are done


def test_the_next_task_is_drawn_while_one_is_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(Engine, "most_trials", 6)
    begun, second_draw = [], threading.Event()
    drawing, training = trials.draw_task, Fake.run

    def draw_task(task):
        begun.append("draw")
        if begun.count("draw") == 2:
            second_draw.set()
        return drawing(task)

    def run(self, job):
        if NumPy.leaves_host_free:
            assert second_draw.wait(60)
        begun.append("train")
        return training(self, job)

    monkeypatch.setattr("overparam.sweeps.runner.draw_task", draw_task)
    monkeypatch.setattr(Fake, "run", run)
    sweep(tmp_path / "a.study", Grid.product([5], [1, 2, 3], [2], trials=6))
    assert begun.count("draw") == begun.count("train") == 3
    if not NumPy.leaves_host_free:
        assert begun == ["draw", "train"] * 3


def test_an_interrupted_sweep_keeps_what_had_ended(tmp_path):
    path, log = tmp_path / "a.study", tmp_path / "log"

    class Interrupted(Fake):
        def run(self, job):
            for count, (position, outcome) in enumerate(super().run(job)):
                if count == 5:
                    raise KeyboardInterrupt
                yield position, outcome

    with pytest.raises(KeyboardInterrupt):
        sweep(path, engine=Interrupted())
    kept = {row[:4] for row in load_study(path).rows() if row.status != "empty"}
    assert len(kept) == 5
    assert load_study(path).status()["writer"] is None
    sweep(path, engine=Fake(str(log)))
    assert sorted(trained(log)) == sorted({*RUN} - kept)


def test_a_trial_that_raises_stands_alone_and_is_tried_again(tmp_path):
    path, log = tmp_path / "a.study", tmp_path / "log"
    study = sweep(path, engine=Fake(poison=((2, 3, 1), (4, 1, 0))))
    failed = [row for row in study.rows() if row.status == "failed"]
    assert {row[1:4] for row in failed} == {(2, 3, 1), (4, 1, 0)}
    assert all("the engine 'fake'" in row.message for row in failed)
    assert all(row.message.endswith("failed: RuntimeError: poison") for row in failed)
    assert study.status()["left"] == len(failed) == 4
    study = sweep(path, engine=Fake(str(log)))
    assert len(trained(log)) == 4
    assert comparable(study) == comparable(sweep(tmp_path / "b.study"))


def test_an_engine_that_forgets_a_problem_is_found_out(tmp_path):
    class Forgetful(Fake):
        def run(self, job):
            yield from (pair for pair in super().run(job) if job.problems[pair[0]].key[2:] != (2, 3, 1))

    study = sweep(tmp_path / "a.study", engine=Forgetful())
    assert {row[1:4] for row in study.rows() if row.status == "failed"} == {(2, 3, 1)}


def test_a_trial_that_takes_its_worker_along_stands_alone(tmp_path):
    deadly = (TrialKey(5, 2, 3, 1), TrialKey(8, 4, 1, 0))
    executor = Inline(deadly)
    study = sweep(tmp_path / "a.study", executor=executor)
    failed = {row[:4]: row.message for row in study.rows() if row.status == "failed"}
    assert failed.keys() == set(deadly)
    assert all("its worker was lost 3 times (BrokenExecutor" in message for message in failed.values())
    assert len(executor.pools) < 40
    assert sweep(tmp_path / "a.study", executor=Inline()).status()["left"] == 0


def test_an_executor_that_cannot_be_made_says_so_and_keeps_the_rest(tmp_path):
    class Once(Inline):
        def create(self):
            if self.pools:
                raise ConnectionRefusedError("nobody listens")
            return super().create()

    with pytest.raises(StudyError, match=r"could not be started \(nobody listens\)"):
        sweep(tmp_path / "a.study", executor=Once(deadly=(RUN[-1],)))
    assert load_study(tmp_path / "a.study").status()["writer"] is None


def test_a_task_is_small_to_send():
    import pickle

    keys = tuple(TrialKey(100, 25, 25, trial) for trial in range(100))
    assert len(pickle.dumps(Task(specification(), NumPy(), (Portable(),), keys))) < 6000


def test_what_is_less_than_a_batch_is_shared_by_the_workers(tmp_path, monkeypatch):
    sizes = []

    def counted(task):
        sizes.append(len(task.keys))
        return run_task(task)

    monkeypatch.setattr("overparam.sweeps.dispatch.run_task", counted)
    sweep(tmp_path / "a.study", Grid.product([6], [2], [3], trials=40), executor=Inline())
    assert sum(sizes) == 40
    assert 2 <= len(sizes) <= 10


def test_chunks_hold_enough_work_and_a_full_batch():
    grid = Grid.product([20, 10], [2, 4, 6], [1, 2, 3], trials=20)
    cost = Cost(specification())
    keys = [TrialKey(*cell, t) for cell in worst_first(grid, cost) for t in range(grid.trials)]
    target, batch = 5 * cost.of(Cell(10, 2, 1)), 10 * problem_bytes(Cell(20, 6, 3), "float32")
    cut = list(chunks(keys, cost, lambda: (target, math.inf), batch, "float32", 2000))
    assert [key for chunk in cut for key in chunk] == keys
    for chunk, following in zip(cut, [*cut[1:], ()], strict=True):
        assert len({key.n for key in chunk}) == 1
        if following and following[0].n == chunk[0].n:
            cells = [Cell(*key[:3]) for key in chunk]
            assert sum(map(cost.of, cells)) >= target
            assert sum(problem_bytes(cell, "float32") for cell in cells) >= batch
            shorter = cells[:-1]
            held = sum(problem_bytes(cell, "float32") for cell in shorter)
            assert sum(map(cost.of, shorter)) < target or held < batch


def test_chunks_are_bounded():
    keys = (TrialKey(10, 2, 2, trial) for trial in range(1000))
    endless = (Cost(specification()), lambda: (1e30, 1e30), 1 << 60, "float32")
    assert [len(chunk) for chunk in chunks(keys, *endless, 300)] == [300, 300, 300, 100]
    large = (TrialKey(1000, 200, 200, trial) for trial in range(5000))
    first = next(chunks(large, *endless, 5000))
    assert 8 * 1000 * 200 * len(first) == pytest.approx(2 << 30, rel=0.2)  # bytes of X in host memory


def test_a_chunk_holds_what_the_engine_wants_at_most(tmp_path, monkeypatch):
    sizes = []

    class Counted(Fake):
        most_trials: ClassVar[int] = 7

        def run(self, job):
            sizes.append(len(job.problems))
            return super().run(job)

    sweep(tmp_path / "a.study", Grid.product([5], [2], [3], trials=20), engine=Counted())
    assert sizes == [7, 7, 6]


def test_the_most_expensive_cells_come_first():
    grid = Grid.product([10, 20], range(1, 9), range(1, 9), trials=1)
    order = worst_first(grid, Cost(specification()))
    assert sorted(order) == list(grid.cells)
    assert [cell.n for cell in order] == [20] * 64 + [10] * 64


def test_updates_are_fewer_above_the_boundary_and_one_for_a_solver():
    cost = Cost(specification())
    assert cost.updates(Cell(100, 5, 5)) == 1500
    assert cost.updates(Cell(100, 24, 24)) < 500
    assert cost.of(Cell(100, 24, 24)) == cost.updates(Cell(100, 24, 24)) * cost.of_update(Cell(100, 24, 24))
    assert Cost(specification(optimizer=LeastSquares(), layers="output")).updates(Cell(100, 5, 5)) == 1


def test_a_sweep_foreseen(tmp_path):
    path, short = tmp_path / "a.study", specification(stop=StopRule(150))
    estimate = dry_run(path, short, GRID, execution(Portable()))
    assert (estimate.trials, estimate.done, estimate.left) == (len(GRID), 0, len(GRID))
    assert estimate.most_updates == len(RUN) * 150
    assert estimate.seconds > 0
    assert not path.exists()
    run_sweep(path, short, GRID, execution(Fake(poison=((2, 3, 1),))))
    estimate = dry_run(path, short, GRID, execution(Portable()))
    assert (estimate.done, estimate.left) == (len(GRID) - 2, 2)
    run_sweep(path, short, GRID, execution())
    assert dry_run(path, short, GRID, execution()).seconds == 0.0


def test_verification_measures_differences(tmp_path):
    path, small = tmp_path / "a.study", Grid.product([8], [2, 4], [2], trials=3)
    short = specification(stop=StopRule(20), dtype="float64")
    run_sweep(path, short, small, execution(Portable()))
    found = verify(load_study(path), short, 4)
    assert (found.trials, found.differing_status, found.largest_difference_in_iterations) == (4, 0, 0)
    assert found.largest_difference_in_residual == 0.0
    wrong = tmp_path / "b.study"
    run_sweep(wrong, short, small, execution())
    assert verify(load_study(wrong), short, 100).trials == 6
    assert verify(load_study(wrong), short, 100).largest_difference_in_iterations > 0
