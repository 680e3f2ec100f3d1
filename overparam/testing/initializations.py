"""Checks of initializations: shapes, finite numbers, and randomness only from the generator."""

from __future__ import annotations

from functools import partial

import numpy as np

from overparam.model.initializations import Initialization, Weights
from overparam.testing.checks import Check, Skipped, require, require_finite, same_bits

__all__ = ["initialization_checks"]

_SHAPES = ((10, 6, 3), (5, 7, 4), (20, 2, 1))
"""(n, k, d)."""


def initialization_checks(initialization: Initialization) -> list[Check]:
    """Return the named checks that every initialization must pass."""
    return [
        Check("shapes-and-values", partial(_shapes, initialization)),
        Check("deterministic-and-random-only-by-its-generator", partial(_deterministic, initialization)),
        Check("leaves-the-labels-as-they-are", partial(_labels, initialization)),
        Check("declared-standard-gaussian-holds", partial(_gaussian, initialization)),
    ]


def _rng() -> np.random.Generator:
    return np.random.Generator(np.random.Philox(5))


def _drawn(initialization: Initialization, n: int, k: int, d: int) -> Weights:
    return initialization.draw(n, k, d, np.linspace(-1.0, 2.0, n), _rng())


def _shapes(initialization: Initialization) -> None:
    for n, k, d in _SHAPES:
        W, v = _drawn(initialization, n, k, d)
        for name, array, shape in (("W", W, (k, d)), ("v", v, (k,))):
            require_finite(f"{name} at n={n}, k={k}, d={d}", array, shape)


def _deterministic(initialization: Initialization) -> None:
    for sizes in _SHAPES:
        before = np.random.get_state()  # noqa: NPY002 - what the component must not depend on
        try:
            np.random.seed(1)  # noqa: NPY002
            first = _drawn(initialization, *sizes)
            np.random.seed(2)  # noqa: NPY002
            second = _drawn(initialization, *sizes)
        finally:
            np.random.set_state(before)  # noqa: NPY002
        require(
            all(map(same_bits, first, second)),
            "two draws from equal generators differ: take all randomness from rng",
        )


def _gaussian(initialization: Initialization) -> None:
    """Moments 1 to 4 of W₀ and E[w₁w₂] of neighbours, each within six standard errors of N(0, 1)'s."""
    if not initialization.standard_gaussian:
        raise Skipped("it does not declare W₀ i.i.d. N(0, 1)")
    W = _drawn(initialization, 10, 200, 100).W
    for what, found, wanted, variance in (
        ("E[w]", W, 0.0, 1.0),
        ("E[w²]", W**2, 1.0, 2.0),
        ("E[w³]", W**3, 0.0, 15.0),
        ("E[w⁴]", W**4, 3.0, 96.0),
        ("E[ww′] of neighbouring units", W[1:] * W[:-1], 0.0, 1.0),
        ("E[ww′] of neighbouring inputs", W[:, 1:] * W[:, :-1], 0.0, 1.0),
    ):
        off = abs(float(found.mean()) - wanted)
        require(
            off <= 6.0 * (variance / found.size) ** 0.5,
            f"{what} is {found.mean():.3g}, for N(0, 1) it is {wanted:g}: standard_gaussian must be False",
        )


def _labels(initialization: Initialization) -> None:
    y = np.linspace(-1.0, 2.0, 10)
    y.flags.writeable = False
    initialization.draw(10, 4, 3, y, _rng())
