"""The driver keeps its workers busy, measured by `tests.sweeps.virtual`; 10⁴ workers are a benchmark."""

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
    """40 workers with about 75 s of work each, in trials of one or two seconds."""
    found, path = held
    assert found.busy > 0.95
    assert found.trials == load_study(path).status()["done"] == len(list(GRID))
    assert found.driver < 0.25  # fraction of its time; it could serve more workers


def test_chunks_are_long_first_and_short_last(held):
    """Chunks take ten seconds at first and little time at the end, so that no worker waits long."""
    found, _ = held
    assert 40 * 75 / 10 < found.chunks < len(list(GRID)) / 2


def test_what_keeps_workers_waiting_is_seen(tmp_path):
    """The simulation measures a slow disk, which takes half a second per commit."""
    grid = Grid.product([1000], [20], [30], trials=400)
    slow, fast = (simulate(tmp_path / f"{s}.study", LONG, grid, 40, synchronization=s) for s in (0.5, 0.0))
    assert slow.driver > 2.0 * fast.driver
