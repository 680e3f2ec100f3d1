"""Checks of engines that resume: an interrupted run must end as an uninterrupted one, bit for bit."""

from __future__ import annotations

from dataclasses import replace

from overparam.methods import GradientDescent, Layers, Optimizer, StochasticGradientDescent
from overparam.runs import Engine, Job, Outcome, Snapshot, StopRule
from overparam.testing.checks import Skipped, require, same_bits
from overparam.testing.trainings import job_of, outcomes_of, problems_of

__all__ = ["CutOff", "InMemory", "require_same_outcome", "resumes"]

_OPTIMIZERS: tuple[Optimizer, ...] = (
    GradientDescent(0.01),
    StochasticGradientDescent(0.02, batch_size=3, check_every=4),
)
_LAYERS: tuple[Layers, ...] = ("hidden", "output", "both")
_UPDATES = 60
_CUTS = (1, 20)  # numbers of snapshots after which a session is interrupted


class CutOff(Exception):
    """Raised to end a session, instead of a kill."""


class InMemory:
    """Keeper in memory; it stores the last snapshot of every run and interrupts the session after some.

    Attributes
    ----------
    period : float
        0: store a snapshot at every check of the driver.
    found : int
        Number of snapshots that were returned.
    """

    def __init__(self) -> None:
        self.period = 0.0
        self.found = 0
        self.left = 0
        self.kept: dict[int, Snapshot] = {}

    def find(self, position: int) -> Snapshot | None:
        """Return the last snapshot of a run."""
        snapshot = self.kept.get(position)
        self.found += snapshot is not None
        return snapshot

    def keep(self, position: int, snapshot: Snapshot) -> None:
        """Keep it."""
        self.kept[position] = snapshot
        self.left -= 1
        if self.left == 0:
            raise CutOff

    def trained(self, job: Job, engine: Engine, cuts: tuple[int, ...]) -> list[Outcome]:
        """Train a job in sessions; each but the last is interrupted after the given number of snapshots."""
        kept = replace(job, keeper=self)
        for cut in cuts:
            self.left = cut
            try:
                outcomes_of(kept, engine)
            except CutOff:
                continue
            raise AssertionError(f"it returned fewer than {cut} snapshots of its runs")
        self.left = 0
        return outcomes_of(kept, engine)


def require_same_outcome(where: str, wanted: Outcome, found: Outcome) -> None:
    """Require two outcomes to be equal in every bit, except for wall time."""
    require(
        (found.status, found.iterations) == (wanted.status, wanted.iterations),
        f"{where}: it ends {found.status} after {found.iterations} updates, uninterrupted "
        f"{wanted.status} after {wanted.iterations}",
    )
    require(same_bits(found.W, wanted.W) and same_bits(found.v, wanted.v), f"{where}: the weights differ")
    for name in ("relative_residual", "path_length", "distance_from_initialization"):
        one, other = getattr(found, name), getattr(wanted, name)
        require(one == other or (one != one and other != other), f"{where}: {name} is {one}, not {other}")


def resumes(engine: Engine) -> None:
    """Interrupt runs repeatedly, and compare with uninterrupted ones."""
    if not engine.resumes:
        raise Skipped("it declares that its loops do not save the state of their runs")
    for optimizer in _OPTIMIZERS:
        for layers in _LAYERS:
            stop = StopRule(_UPDATES, 1e-9)
            job = job_of(problems_of(17), optimizer, stop, layers=layers, dtype="float32")
            if (answer := engine.objection(job)) is not None:
                raise Skipped(f"it does not accept this job: {answer}")
            keeper = InMemory()
            found = keeper.trained(job, engine, _CUTS)
            require(keeper.found > 0, "it never requested the snapshots of its runs")
            for problem, one, other in zip(job.problems, outcomes_of(job, engine), found, strict=True):
                where = f"{optimizer.name}, layers {layers}, k={problem.k}, d={problem.d}"
                require_same_outcome(where, one, other)
