"""The data generator `digits`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal

import numpy as np

from overparam.plugin import DataGenerator, Dataset, Matrix

__all__ = ["Digits"]

_PIXELS = 64


@dataclass(frozen=True)
class Digits(DataGenerator):
    """Images of handwritten digits, 8 × 8 pixels, as unit vectors, with labels of their own.

    n of scikit-learn's 1,797 images are drawn without repetition. For d = 64 a row of X is an image's
    pixels divided by their norm. For d < 64 it is the image's coordinates along the d leading right singular
    vectors of all 1,797 unit images, divided by their norm.

    Shuffled labels are those of the drawn images in a random order: they have the same distribution but are
    independent of the images (Section 4's randomized labels, on real data).

    Attributes
    ----------
    labels : "true" or "shuffled"
    target : "parity" or "value"
        y = +1 for even digits and −1 for odd ones; or the digit, scaled so that 0, …, 9 have mean 0 and
        variance 1.
    """

    name: ClassVar[str] = "digits"
    labels: Literal["true", "shuffled"] = "true"
    target: Literal["parity", "value"] = "parity"

    def brings_labels(self) -> bool:
        """Return True: each image has a label."""
        return True

    def draw(self, n: int, d: int, rng: np.random.Generator) -> Dataset:
        """Return X, shape (n, d), and y, shape (n,).

        Raises
        ------
        ValueError
            For more samples than there are images, or more inputs than pixels.
        """
        images, digits = _unit_images(), _digits()
        if n > len(images):
            raise ValueError(f"there are {len(images)} images of digits, but n={n} is requested")
        if d > _PIXELS:
            raise ValueError(f"an image of a digit has {_PIXELS} pixels, but d={d} is requested")
        chosen = rng.permutation(len(images))[:n]
        X = images[chosen] if d == _PIXELS else images[chosen] @ _directions()[:, :d]
        y = 1.0 - 2.0 * (digits % 2) if self.target == "parity" else (digits - 4.5) / np.sqrt(8.25)
        own = y[chosen]
        if self.labels == "shuffled":
            own = rng.permutation(own)
        return Dataset(X / np.linalg.norm(X, axis=1, keepdims=True), own)


@cache
def _load() -> tuple[Matrix, Matrix]:
    # Takes a second; imported only when digits are drawn.
    from sklearn.datasets import load_digits

    images, digits = load_digits(return_X_y=True)
    return np.asarray(images, dtype=np.float64), np.asarray(digits, dtype=np.float64)


def _unit_images() -> Matrix:
    """All images as unit rows, shape (1797, 64)."""
    images, _ = _load()
    return np.asarray(images / np.linalg.norm(images, axis=1, keepdims=True))


def _digits() -> Matrix:
    """The digits that the images show, shape (1797,)."""
    return _load()[1]


@cache
def _directions() -> Matrix:
    """Right singular vectors of the unit images, shape (64, 64), largest first.

    A singular vector's sign is arbitrary: its largest entry is made positive, so that the data are the
    same on every machine.
    """
    _, _, rows = np.linalg.svd(_unit_images(), full_matrices=False)
    largest = np.argmax(np.abs(rows), axis=1)
    signs = np.sign(rows[np.arange(len(rows)), largest])
    return np.asarray((signs[:, None] * rows).T)
