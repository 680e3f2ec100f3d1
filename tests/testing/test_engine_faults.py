"""Every check of engines and executors fails on a component that has only that fault."""

import dataclasses
import itertools
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from overparam.runs import Engine, History, Portable, Status, StopRule
from overparam.sweeps import Executor, Processes
from overparam.testing import Verdict
from tests.testing.faults import assert_found, names_of, result_of

calls = itertools.count()


@dataclass(frozen=True)
class Faulty(Engine):
    """The portable engine with changed outcomes."""

    name: ClassVar[str] = "faulty"
    resumes: ClassVar[bool] = True

    def objection(self, job):
        return None

    def run(self, job):
        for position, outcome in Portable().run(job):
            yield position, self.changed(outcome)

    def changed(self, outcome):
        return outcome


class Imprecise(Faulty):
    def changed(self, outcome):
        return dataclasses.replace(outcome, W=outcome.W * (1.0 + 0.01), v=outcome.v * (1.0 + 0.01))


class Noisy(Faulty):
    def changed(self, outcome):
        return dataclasses.replace(outcome, W=outcome.W + np.float32(1e-6) * next(calls))


class Late(Faulty):
    def run(self, job):
        stop = StopRule(job.stop.max_iterations, 0.9 * job.stop.tolerance)
        yield from super().run(dataclasses.replace(job, recipe=dataclasses.replace(job.recipe, stop=stop)))


class NeverLooksFirst(Faulty):
    def changed(self, outcome):
        return dataclasses.replace(outcome, iterations=max(1, outcome.iterations))


class Blind(Faulty):
    def changed(self, outcome):
        diverged = outcome.status is Status.DIVERGED
        return dataclasses.replace(outcome, status=Status.BUDGET_EXHAUSTED) if diverged else outcome


class Losing(Faulty):
    def run(self, job):
        yield from list(super().run(job))[1:]


class Mute(Faulty):
    def objection(self, job):
        return ""


class Amnesiac(Faulty):
    def changed(self, outcome):
        return dataclasses.replace(outcome, history=None)


class Sparse(Faulty):
    def changed(self, outcome):
        if outcome.history is None:
            return outcome
        kept = History(*(column[1:] for column in vars(outcome.history).values()))
        return dataclasses.replace(outcome, history=kept)


class Obliging(Faulty):
    """Accepts labels that are all zero and trains on other labels."""

    def run(self, job):
        problems = [p if p.y.any() else dataclasses.replace(p, y=p.y + 1.0) for p in job.problems]
        yield from super().run(dataclasses.replace(job, problems=problems))


class Deaf(Faulty):
    """Declares that it can resume, but saves nothing."""

    def run(self, job):
        yield from super().run(dataclasses.replace(job, keeper=None))


class Shortening(Faulty):
    """Resumes its runs with a path length of zero."""

    def run(self, job):
        if (keeper := job.keeper) is not None:
            found = keeper.find
            keeper.find = lambda position: (
                None if (s := found(position)) is None else dataclasses.replace(s, path_length=0.0)
            )
        yield from super().run(job)


AGREEMENT = sorted(name for name in names_of(Faulty()) if name.startswith("equals-portable"))
ENGINES = [
    (Mute(), "answers-none-or-a-sentence", "objection must return None or a sentence"),
    *((Imprecise(), name, "differs from portable's by") for name in AGREEMENT),
    (Losing(), "equals-portable-softplus-gd-float64", "must yield every position of the 5 problems once"),
    (Late(), "stops-at-the-first-iterate-below-the-tolerance", "portable after"),
    (NeverLooksFirst(), "checks-the-initial-iterate", "it made 1 updates"),
    (Blind(), "divergence-is-a-status", "this one is budget_exhausted"),
    (Noisy(), "company-changes-no-bit", "ends differently in a batch than alone"),
    (Amnesiac(), "records-the-path", "history is None"),
    (Sparse(), "records-the-path", "history must have iterations 0, 10"),
    (Deaf(), "goes-on-from-a-snapshot-bit-for-bit", "it returned fewer than 1 snapshots"),
    (Shortening(), "goes-on-from-a-snapshot-bit-for-bit", "path_length is"),
    (Obliging(), "refuses-labels-that-are-zero", "must raise ValueError"),
]


@dataclass(frozen=True)
class Threads(Executor):
    """A correct executor; the faulty executors below are derived from it."""

    name: ClassVar[str] = "threads"

    def create(self):
        return ThreadPoolExecutor(2)

    def parallelism(self):
        return 2


class Nobody(Threads):
    def parallelism(self):
        return 0


class Altering(ThreadPoolExecutor):
    def submit(self, function, *arguments):
        return super().submit(lambda: [row._replace(iterations=7) for row in function(*arguments)])


class Alters(Threads):
    def create(self):
        return Altering(2)


class Swallowing(ThreadPoolExecutor):
    def submit(self, function, *arguments):
        future = Future()
        try:
            future.set_result(function(*arguments))
        except ArithmeticError:
            future.set_result(None)
        return future


class Swallows(Threads):
    def create(self):
        return Swallowing(2)


SHARED = ThreadPoolExecutor(2)


class Shares(Threads):
    def create(self):
        return SHARED

    def abandon(self, executor):
        pass


class Waits(Threads):
    def abandon(self, executor):
        executor.shutdown(wait=True, cancel_futures=True)


EXECUTORS = [
    (Nobody(), "parallelism-is-positive", "parallelism() is 0"),
    (Alters(), "rows-equal-the-drivers", "differ from those of the same tasks"),
    (Swallows(), "exceptions-reach-the-driver", "the driver receives None"),
    (Shares(), "each-executor-is-new", "must return a new executor each time"),
    (Waits(), "abandoning-does-not-wait", "it must not wait"),
]
OF_EVERY_COMPONENT = {"specification-round-trips", "hashable-and-picklable"}


@pytest.mark.parametrize(
    ("component", "name", "said"), [*ENGINES, *EXECUTORS], ids=lambda x: x if isinstance(x, str) else None
)
def test_a_planted_fault_is_found(component, name, said):
    assert_found(component, name, said)


@pytest.mark.parametrize(("sound", "faults"), [(Faulty(), ENGINES), (Processes(workers=1), EXECUTORS)])
def test_every_check_has_a_fault(sound, faults):
    assert names_of(sound) - OF_EVERY_COMPONENT == {name for _, name, _ in faults}


@pytest.mark.parametrize("name", sorted(names_of(Faulty())))
def test_the_unchanged_engine_passes(name):
    assert result_of(Faulty(), name).verdict is Verdict.PASSED
