"""The driver keeps its workers busy, as `tests.sweeps.virtual` measures it; 10⁴ are a benchmark."""

import pytest

from overparam.runs import StopRule
from overparam.studies import Grid, load_study
from tests.sweeps.fakes import specification
from tests.sweeps.virtual import simulate

LONG = specification(stop=StopRule(15_000))
GRID = Grid.product([1000], [20, 32, 44], [30, 42, 54], trials=220)


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    path = tmp_path_factory.mktemp("virtual") / "a.study"
    return simulate(path, LONG, GRID, 40), path


def test_workers_are_busy(held):
    """About 75 s of each of 40 workers, in trials of one or two seconds."""
    found, path = held
    assert found.busy > 0.95
    assert found.trials == load_study(path).status()["done"] == len(list(GRID))
    assert found.driver < 0.25  # of its time: there is room for more workers


def test_chunks_are_long_first_and_short_last(held):
    """Ten seconds while there is enough, and at the end so little that nobody waits long for the last one."""
    found, _ = held
    assert 40 * 75 / 10 < found.chunks < len(list(GRID)) / 2


def test_what_keeps_workers_waiting_is_seen(tmp_path):
    """A disk that takes half a second for a commit: the simulation is not blind."""
    grid = Grid.product([1000], [20], [30], trials=400)
    slow, fast = (simulate(tmp_path / f"{s}.study", LONG, grid, 40, synchronization=s) for s in (0.5, 0.0))
    assert slow.driver > 2.0 * fast.driver
