"""The gap, factor by factor: products on random instances, factors against explicit Jacobians."""

import math

import numpy as np
import pytest

import overparam as op
from overparam.model.problem import Problem, draw_problem
from overparam.theory import certify, gaps
from tests.theory.oracle import expectation, pair_expectation

SLOPES = {
    "softplus": lambda z: 1 / (1 + np.exp(-z)),
    "relu": lambda z: (z >= 0) * 1.0,
}
VALUES = {"softplus": lambda z: np.log1p(np.exp(z)), "relu": lambda z: np.maximum(z, 0.0)}


def split(certificate):
    return {(one.theorem.title, one.quantity): one for one in gaps(certificate)}


def product(gap):
    return math.prod(factor.value for factor in gap.factors)


def lam(X, slope, kink):
    gram = X @ X.T
    sigma = [[r * pair_expectation(slope, r, kink) for r in row] for row in gram]
    return np.linalg.eigvalsh(np.array(sigma))[0]


@pytest.mark.parametrize(
    "seed", [*range(30), *(pytest.param(n, marks=pytest.mark.slow) for n in range(30, 100))]
)
def test_the_product_is_the_gap(seed):
    """Random sizes, layers, odd widths, δ and steps; the gap is computed from the certificate's two sides."""
    rng = np.random.default_rng(seed)
    n, d, k = int(rng.integers(2, 9)), int(rng.integers(4, 9)), int(rng.integers(6, 14))
    activation = ("softplus", "relu")[seed % 2]
    output = {"layers": "output", "optimizer": "least-squares"}
    hidden = {"optimizer": ("gd", "gd:step_size=theorem", "gd:step_size=0.02")[seed % 3]}
    certificate = certify(
        draw_problem(n, d, k + n, seed=seed),
        activation=activation,
        delta=float(rng.uniform(0.2, 3.0)),
        max_iterations=20,
        **(output if seed % 5 == 0 else hidden),
    )
    sides = {
        (one.theorem.title, h.statement.split(" ", 1)[0]): 1.0 / h.ratio
        for one in certificate.evaluated
        for h in one.hypotheses
        if h.ratio
    }
    rates = {one.theorem.title: one.rate for one in certificate.evaluated}
    found = split(certificate)
    told = 0
    still = max(one.jacobian_change for one in certificate.run.probes) == 0.0
    for (title, quantity), gap in found.items():
        if gap.reason:
            assert not gap.factors
            continue
        told += 1
        assert product(gap) == pytest.approx(gap.value, rel=1e-12)
        if quantity == "rate":
            assert gap.value == pytest.approx(rates[title].measured / rates[title].promised, rel=1e-12)
        elif title == "Theorem 6.2":
            assert gap.value == pytest.approx(sides[title, "(6.18)"] ** 2, rel=1e-12)
        elif title == "Theorem 6.3":
            assert gap.value == pytest.approx(sides[title, "(6.3)"], rel=1e-12)
        else:
            assert gap.value == pytest.approx(sides[title, "k"], rel=1e-12)
    assert told == (1 if seed % 5 == 0 or still else 2)
    assert not still or seed % 5 == 0 or activation == "relu"  # with the ReLU, φ′ can stay the same


@pytest.mark.parametrize("activation", ["softplus", "relu"])
def test_every_factor_from_explicit_matrices(activation):
    """Gradient descent, Jacobians and quadrature are written out, at an odd width."""
    slope, value, size, updates = SLOPES[activation], VALUES[activation], 0.05, 30
    p = draw_problem(6, 5, 9, seed=2)
    X, y, W0, v, n, k = p.X, p.y, p.W0, p.v, 6, 9
    optimizer = f"gd:step_size={size}"
    certificate = certify(
        p, activation=activation, optimizer=optimizer, max_iterations=updates, tolerance=1e-9, delta=0.7
    )

    def jacobian(W):
        return np.hstack([a * slope(X @ w)[:, None] * X for a, w in zip(v, W, strict=True)])

    iterates = [W0]
    for _ in range(updates):
        r = value(X @ iterates[-1].T) @ v - y
        iterates.append(iterates[-1] - size * (jacobian(iterates[-1]).T @ r).reshape(k, 5))
    probed = [iterates[one.iteration] for one in certificate.run.probes]
    J0 = jacobian(W0)
    far = max(probed, key=lambda W: np.linalg.norm(jacobian(W) - J0, 2))
    change, distance = np.linalg.norm(jacobian(far) - J0, 2), np.linalg.norm(far - W0)
    spectral = np.linalg.norm(far - W0, 2)
    smooth = activation == "softplus"
    least = lam(X, slope, not smooth)
    sigma = np.linalg.svd(J0, compute_uv=False)[5]
    r0 = value(X @ W0.T) @ v - y
    linear = np.linalg.norm(np.linalg.pinv(J0) @ r0)  # the least-norm move that fits the labels
    norm_v, top_v, norm_X = np.linalg.norm(v), np.abs(v).max(), np.linalg.norm(X, 2)
    s, delta, ny = math.sqrt(expectation(lambda g: slope(g) ** 2)), 0.7 if smooth else 1.4, np.linalg.norm(y)
    wanted = [
        (2 + delta) / (1 + (1 + delta) * s),
        (1 + (1 + delta) * s) / (1 + s),
        (1 + s) * ny / np.linalg.norm(r0),
        2.0,
        sigma**2 / (norm_v**2 * least),
        8 if smooth else 6,
        np.linalg.norm(r0) / sigma / linear,
        linear / distance,
    ]
    if smooth:
        wanted += [4.0, 0.25 * top_v * norm_X / (change / distance), change / (sigma / 2)]
        weights = math.sqrt(k / n) * ny / (norm_v**2 / top_v)
        asked = (32 * (1 + 1.7) * norm_X * math.sqrt(n) / least) ** 2
    else:
        radius = ((norm_v / top_v) ** 2 * least / (200 * norm_X**2)) ** 1.5 / (2 * k)
        promised = norm_v * math.sqrt(least / 2) / 6 / radius
        wanted += [distance / spectral, promised / (change / spectral), change / (sigma / 6)]
        weights = ny / math.sqrt(n) * k**1.5 / (norm_v * (norm_v / top_v) ** 3)
        asked = 1152 * 200**3 * 1.7**2 * n * norm_X**6 / least**4
    gap = split(certificate)["Theorem 6.2" if smooth else "Theorem 6.3", "width"]
    found = [factor.value for factor in gap.factors]
    np.testing.assert_allclose(found, np.array([1 / weights, *wanted]) ** 2, rtol=1e-6)
    assert gap.theory == pytest.approx(asked, rel=1e-6)
    assert gap.practice == k

    rate = split(certificate)["Theorem 6.2" if smooth else "Theorem 6.3", "rate"]
    last = np.linalg.norm(value(X @ iterates[-1].T) @ v - y)
    measured = 1 - (last / np.linalg.norm(r0)) ** (1 / updates)
    top, beta, times = np.linalg.norm(J0, 2) ** 2, (ny * norm_X) ** 2 / n, 2 if smooth else 3
    taken = min(1.0, size * times * beta)
    rate_promised = (
        1 - math.sqrt(1 - taken * least / (32 * norm_X**2)) if smooth else taken * least / (24 * norm_X**2)
    )
    np.testing.assert_allclose(
        [factor.value for factor in rate.factors],
        [
            1 / s**2,
            s**2 * beta / top,
            size * times * top / taken,
            2.0,
            sigma**2 / (norm_v**2 * least),
            0.5 * taken / (times * beta) * norm_v**2 * least / rate_promised,
            measured / (size * sigma**2),
        ],
        rtol=1e-6,
    )
    assert rate.value == pytest.approx(measured / rate_promised, rel=1e-6)


def test_the_output_layer_from_explicit_matrices():
    p = draw_problem(6, 5, 12, seed=2)
    certificate = certify(p, activation="softplus", layers="output", optimizer="least-squares")
    gap = split(certificate)["Theorem 3.2", "width"]
    value = VALUES["softplus"]
    features, gram = value(p.X @ p.W0.T), p.X @ p.X.T
    tilde = np.array([[pair_expectation(value, r, False) for r in row] for row in gram])
    least, moment = np.linalg.eigvalsh(tilde)[0], expectation(lambda g: value(g) ** 2)
    smallest = np.linalg.eigvalsh(features @ features.T)[0]
    longest = max(features[:, unit] @ features[:, unit] for unit in range(12))
    log_n, chernoff = math.log(6), 0.5 - 0.5 * math.log(2)
    wanted = [
        (math.sqrt(moment) + math.sqrt(404 * log_n)) ** 2 / moment,
        6 * moment / longest,
        101 * log_n / math.log(12),
        1.0,
        smallest / (12 * least),
        math.log(12) / chernoff,
        longest / smallest,
    ]
    np.testing.assert_allclose([factor.value for factor in gap.factors], wanted, rtol=1e-6)


def test_reasons():
    def reason(title, quantity="width", **options):
        options.setdefault("max_iterations", 5)
        return split(certify(options.pop("problem", draw_problem(6, 5, 8)), **options))[
            title, quantity
        ].reason

    assert "it is about the ReLU" in reason("Theorem 6.3")
    assert "it is about training the output layer" in reason("Theorem 3.2")
    assert "σmin(J(W₀)) is zero" in reason("Theorem 6.2", problem=draw_problem(12, 2, 4))
    assert reason("Theorem 6.2", max_iterations=0) == "the Jacobian did not change along the run"
    assert reason("Theorem 6.2", "rate", max_iterations=0) == "there were no updates"
    assert reason("Theorem 6.2", "rate", optimizer="gd:step_size=60") == "the residual did not fall"
    narrow = {"layers": "output", "optimizer": "least-squares", "problem": draw_problem(9, 5, 4)}
    assert "not have full row rank" in reason("Theorem 3.2", **narrow)
    p = draw_problem(6, 5, 8)
    X = p.X.copy()
    X[3] = X[1]
    assert "vacuous: λ(X)" in reason("Theorem 6.2", problem=Problem(X, p.y, p.W0, p.v))


def test_a_gap_shows_itself_and_is_json():
    [first, second, *_] = gaps(certify(op.draw_problem(6, 5, 8), max_iterations=5))
    assert "Lemma 6.8" in first._repr_html_()
    document = first.to_json()
    assert document["gap"] == pytest.approx(math.prod(one["factor"] for one in document["factors"]))
    assert document["reason"] is None
    assert second.to_json()["quantity"] == "rate"
    other = gaps(certify(op.draw_problem(6, 5, 8), max_iterations=5))[2].to_json()
    assert other["gap"] is None
    assert other["factors"] == []
