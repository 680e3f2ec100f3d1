"""Labels: their distributions within standard errors, and labels that a data set brings."""

import math

import numpy as np
import pytest

from overparam.model.data import Dataset, FileLabels, Gaussian, Rademacher

N = 20_000
MANY = Dataset(np.ones((N, 1)))


def test_gaussian_labels_are_standard_normal():
    y = Gaussian().draw(MANY, np.random.default_rng(0))
    assert y.shape == (N,)
    # Kolmogorov's statistic exceeds 2/√N with probability 2e⁻⁸, about 7e-4.
    levels = np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in np.sort(y)])
    assert np.abs(levels - (np.arange(N) + 0.5) / N).max() < 2.0 / math.sqrt(N)


def test_rademacher_labels_are_fair_signs():
    y = Rademacher().draw(MANY, np.random.default_rng(0))
    assert set(y) == {-1.0, 1.0}
    assert y.dtype == np.float64
    assert abs(y.mean()) < 4.0 / np.sqrt(N)
    assert abs((y[1:] * y[:-1]).mean()) < 4.0 / np.sqrt(N)


def test_the_data_sets_own_labels():
    y = np.array([1.0, 2.0])
    assert FileLabels().draw(Dataset(np.eye(2), y), np.random.default_rng(0)) is y
    with pytest.raises(ValueError, match="needs data with its own y"):
        FileLabels().draw(Dataset(np.eye(2)), np.random.default_rng(0))
