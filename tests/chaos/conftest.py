"""How many attacks, and of which seed: a few in the default suite, many by ``nox -s chaos``.

A failure prints the seed and the number of the attack; the same two give the same attack again.
"""

import os
import random

import pytest

from overparam.sweeps import run_sweep
from tests.sweeps.driver import GRID
from tests.sweeps.fakes import execution, specification


@pytest.fixture
def attacks(request):
    """Numbered attacks, each with a generator of its own."""
    count, seed = int(os.environ.get("CHAOS_COUNT", 0)), int(os.environ.get("CHAOS_SEED", 0))

    def numbered(few, share=1.0):
        for number in range(max(1, round(count * share)) if count else few):
            print(f"{request.node.name}: seed {seed}, attack {number}")
            yield random.Random(f"{seed} {request.node.name} {number}")

    return numbered


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A study that nobody harmed."""
    path = tmp_path_factory.mktemp("whole") / "whole.study"
    run_sweep(path, specification(), GRID, execution(), written="version = 1")
    return path
