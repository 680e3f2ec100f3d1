"""JAX uses single precision by default; the theory computes in double precision nevertheless."""

import numpy as np
import pytest

import overparam as op
from overparam import theory

jnp = pytest.importorskip("jax.numpy", reason="JAX is not installed")


def single(kind):
    p = op.draw_problem(10, 3, 6)
    arrays = (np.asarray(a, np.float32) for a in (p.X, p.y, p.W0, p.v))
    return op.Problem(*(kind(a) for a in arrays), key=p.key)


@pytest.mark.parametrize("activation", ["relu", "softplus"])
def test_a_report_is_numpys_of_the_same_numbers(activation):
    ours, theirs = (theory.theory_report(single(kind).X, activation) for kind in (np.asarray, jnp.asarray))
    assert theirs.to_json() == ours.to_json()


def test_a_certificate_has_numpys_verdicts():
    ours, theirs = (
        theory.certify(single(kind), max_iterations=50).to_json() for kind in (np.asarray, jnp.asarray)
    )
    assert [(one["name"], one["hypotheses_met"], one["promises_kept"]) for one in theirs["theorems"]] == [
        (one["name"], one["hypotheses_met"], one["promises_kept"]) for one in ours["theorems"]
    ]
    assert theirs["failed"] == []
