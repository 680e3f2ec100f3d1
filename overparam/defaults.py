"""Default values, spelled as on the command line, which must start without NumPy."""

from __future__ import annotations

from typing import Final, Literal

__all__ = [
    "ACTIVATION",
    "CHECKPOINT_EVERY",
    "CURVES",
    "DATA",
    "DESIGN",
    "EXECUTOR",
    "INITIALIZATION",
    "LOSS",
    "MAX_ITERATIONS",
    "OPTIMIZER",
    "SWEEP_DTYPE",
    "TOLERANCE",
    "TRAIN_DTYPE",
    "TRIALS",
    "D",
    "K",
    "N",
]

ACTIVATION: Final = "softplus"
LOSS: Final = "squared"
INITIALIZATION: Final = "paper"
OPTIMIZER: Final = "gd"
DATA: Final = "sphere"
DESIGN: Final = "grid"
EXECUTOR: Final = "serial"
N: Final = "100"
K: Final = "1:25"
D: Final = "1:25"
MAX_ITERATIONS: Final = 15_000
TOLERANCE: Final = 2.5e-3
TRIALS: Final = 10
CHECKPOINT_EVERY: Final = 60.0
CURVES: Final = 4
TRAIN_DTYPE: Final[Literal["float32", "float64"]] = "float64"
SWEEP_DTYPE: Final[Literal["float32", "float64"]] = "float32"
