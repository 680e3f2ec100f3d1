"""Fixtures of the chaos suite; tests/conftest.py sets the number of attacks."""

import pytest

from overparam.sweeps import run_sweep
from tests.sweeps.driver import GRID
from tests.sweeps.fakes import execution, specification


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """An undamaged study."""
    path = tmp_path_factory.mktemp("whole") / "whole.study"
    run_sweep(path, specification(), GRID, execution(), written="version = 1")
    return path
