"""The contenders of the benchmark carry out the same training runs."""

from typing import Any

import numpy as np
import pytest

from overparam.model.activations import ReLU, Softplus
from tests.benchmarks.agreement import STOP, disagreements, easy_instances, iteration_counts
from tests.benchmarks.contenders import CONTENDERS, PEERS

try:
    import torch
except ImportError:
    torch = None

PORTABLE = PEERS[0]


@pytest.fixture(autouse=True)
def threads_of_torch():
    """Give PyTorch its number of threads back: with more, small products wait for each other from then on."""
    before = torch and torch.get_num_threads()
    yield
    if torch:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("activation", "dtype"), [(Softplus(), "float32"), (ReLU(), "float64")], ids=["softplus", "relu"]
)
@pytest.mark.parametrize("contender", [c for c in CONTENDERS if c is not PORTABLE], ids=lambda c: c.module)
def test_iteration_counts_agree(contender, activation, dtype):
    if reason := contender.missing():
        pytest.skip(reason)
    assert disagreements([PORTABLE, contender], [activation], [dtype]) == []


def test_disagreement_is_found():
    class Hasty:
        name = "hasty"

        def prepare(self, instances):
            return [lambda stop: np.full(len(instances.problems), 10)]

    hasty: Any = Hasty()
    [sentence] = disagreements([PORTABLE, hasty], [Softplus()], ["float64"])
    assert "hasty, softplus, float64" in sentence


def test_easy_instances_converge_each_at_its_own_pace():
    [counts] = iteration_counts(PORTABLE, easy_instances(Softplus(), "float64"))
    assert counts.max() < STOP.max_iterations
    assert len(set(counts.tolist())) > 1
