"""Conclusions over draws of W₀, against counts from explicit loops and verdicts of single certificates."""

import math

import numpy as np
import pytest

from overparam.model.initializations import Paper
from overparam.model.problem import Problem, Stream, draw_problem, generator
from overparam.theory import Frequency, certify, clopper_pearson, over_draws
from tests.theory.oracle import pair_expectation


def by_title(draws):
    return {held.theorem.title: held for held in draws.theorems}


def test_lemmas_6_7_and_6_12_from_explicit_matrices():
    """With few units Lemma 6.7 fails in some draws and holds in others."""
    n, d, k, number = 8, 6, 4, 60
    p = draw_problem(n, d, k, seed=5, trial=3)
    found = by_title(over_draws(certify(p, activation="relu", delta=0.02, max_iterations=1), number))
    gram = p.X @ p.X.T
    sigma = [[r * pair_expectation(lambda z: (z >= 0) * 1.0, r, True) for r in row] for row in gram]
    least, size = np.linalg.eigvalsh(np.array(sigma))[0], np.linalg.norm(p.y) / math.sqrt(n * k)
    wide, near = 0, 0
    for trial in range(number):
        W0 = draw_problem(n, d, k, seed=5, trial=trial).W0
        v = np.sign(p.v) * size
        J = np.hstack([a * ((p.X @ w) >= 0)[:, None] * p.X for a, w in zip(v, W0, strict=True)])
        wide += bool(np.linalg.svd(J, compute_uv=False)[-1] >= size * 2 * math.sqrt(least / 2))
        near += bool(np.linalg.norm(np.maximum(p.X @ W0.T, 0) @ v - p.y) <= (1 + 1.02) * np.linalg.norm(p.y))
    assert 0 < wide < number
    assert found["Lemma 6.7"].together.kept == wide
    assert found["Lemma 6.12"].together.kept == near
    assert found["Lemma 6.7"].together.trials == number
    assert found["Lemma 6.12"].probability == pytest.approx(
        1 - math.exp(-(0.02**2) * n / (2 * np.linalg.norm(p.X, 2) ** 2))
    )
    assert found["Lemma 6.7"].probability == 1 - 1 / n


@pytest.mark.parametrize("optimizer", ["gd", "sgd:step_size=0.05,check_every=5"])
def test_the_draw_of_the_problem_s_own_trial_is_its_certificate(optimizer):
    p = draw_problem(8, 5, 10)
    certificate = certify(p, optimizer=optimizer, max_iterations=30)
    draws = by_title(over_draws(certificate, 1))
    judged = 0
    for one in certificate.evaluated:
        if not (one.theorem.gaussian_start or one.probability is not None):
            assert one.theorem.title not in draws
            continue
        held = draws[one.theorem.title]
        assert held.probability == one.probability
        assert held.hypotheses_met == (one.hypotheses_met is True)
        assert held.together == Frequency.of("all promises", [one.promises_kept])
        assert held.promises == tuple(Frequency.of(c.statement, [c.holds]) for c in one.conclusions)
        judged += 1
    assert judged >= 5


def test_every_draw_is_what_a_fresh_certificate_says():
    """Quantities of X and y are computed once; a new certificate for each draw gives the same verdicts."""
    p = draw_problem(7, 5, 6, seed=2)
    options = {"activation": "relu", "max_iterations": 20, "delta": 0.1}
    draws = by_title(over_draws(certify(p, **options), 6))
    counted = dict.fromkeys(draws, 0)
    for trial in range(6):
        rng = generator(2, 7, 6, 5, trial, Stream.WEIGHTS)
        W, v = Paper().draw(7, 6, 5, p.y, rng)
        for one in certify(Problem(p.X, p.y, W, v), **options).evaluated:
            if one.theorem.title in counted:
                counted[one.theorem.title] += one.promises_kept is True
    assert counted == {title: held.together.kept for title, held in draws.items()}


def test_open_verdicts_widen_the_interval():
    one = Frequency.of("s", [True] * 6 + [None] * 3 + [False])
    assert (one.kept, one.broken, one.open, one.trials) == (6, 1, 3, 10)
    assert one.interval == (clopper_pearson(6, 10)[0], clopper_pearson(9, 10)[1])


def test_it_shows_itself_and_is_json():
    certificate = certify(draw_problem(6, 5, 8), max_iterations=5)
    draws = over_draws(certificate, 3)
    document = draws.to_json()
    assert document["number"] == 3
    [lemma] = [one for one in document["theorems"] if one["name"] == "Lemma 6.12"]
    assert lemma["together"]["kept"] + lemma["together"]["broken"] + lemma["together"]["open"] == 3
    assert lemma["conclusions"][0]["low"] <= lemma["conclusions"][0]["high"]
    assert "Lemma 6.12" in draws._repr_html_()
    with pytest.raises(ValueError, match="at least 1"):
        over_draws(certificate, 0)
