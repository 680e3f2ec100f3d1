"""The built-in components, provided by the same hooks that plugins use."""

from overparam.arrays.backends import Backend, CuPy, NumPy, Torch
from overparam.methods import GradientDescent, LeastSquares, Optimizer, StochasticGradientDescent
from overparam.model.activations import Activation, Hermite, ReLU, Softplus
from overparam.model.data import (
    Cube,
    DataGenerator,
    File,
    FileLabels,
    Gaussian,
    Labels,
    Rademacher,
    Separated,
    Sphere,
)
from overparam.model.initializations import Initialization, Paper, Scaled, Symmetric
from overparam.model.losses import Hinge, Logistic, Loss, Squared
from overparam.plugins.hookspecs import hookimpl
from overparam.reproductions import (
    Capacity,
    Figure,
    Figure2,
    Figure2a,
    Figure2b,
    Figure2c,
    Figure2d,
    JacobianRank,
    Lazy,
    MontanariZhong,
    PolaczykFigure2,
    Scaling,
)
from overparam.runs import Engine, Portable
from overparam.sweeps import BoundarySearch, Design, Executor, FullGrid, Processes, Serial
from overparam.theory import Claim, Theorem, builtin_claims, builtin_theorems


@hookimpl
def overparam_activations() -> list[type[Activation]]:
    """Softplus, ReLU and activations given by their Hermite coefficients."""
    return [Softplus, ReLU, Hermite]


@hookimpl
def overparam_losses() -> list[type[Loss]]:
    """Squared loss of the paper; logistic and hinge loss for labels ±1."""
    return [Squared, Logistic, Hinge]


@hookimpl
def overparam_initializations() -> list[type[Initialization]]:
    """Initialization of the theorems, one with other scales, and one that starts at f = 0."""
    return [Paper, Scaled, Symmetric]


@hookimpl
def overparam_optimizers() -> list[type[Optimizer]]:
    """Gradient descent, SGD, and least squares on the output layer."""
    return [GradientDescent, StochasticGradientDescent, LeastSquares]


@hookimpl
def overparam_data() -> list[type[DataGenerator]]:
    """Data uniform on the sphere, data from a cube, δ-separated data, and data from a file."""
    return [Sphere, Cube, Separated, File]


@hookimpl
def overparam_labels() -> list[type[Labels]]:
    """Gaussian and Rademacher labels, and the labels of a data file."""
    return [Gaussian, Rademacher, FileLabels]


@hookimpl
def overparam_backends() -> list[type[Backend]]:
    """NumPy, CuPy and PyTorch."""
    return [NumPy, CuPy, Torch]


@hookimpl
def overparam_engines() -> list[type[Engine]]:
    """The portable engine."""
    return [Portable]


@hookimpl
def overparam_theorems() -> list[type[Theorem]]:
    """Theorems of the paper."""
    return list(builtin_theorems())


@hookimpl
def overparam_claims() -> list[type[Claim]]:
    """Claims of the paper that are not theorems to evaluate."""
    return list(builtin_claims())


@hookimpl
def overparam_executors() -> list[type[Executor]]:
    """Executors in this process and in a pool of processes."""
    return [Serial, Processes]


@hookimpl
def overparam_designs() -> list[type[Design]]:
    """All trials of a grid, and the search for the boundary."""
    return [FullGrid, BoundarySearch]


@hookimpl
def overparam_figures() -> list[type[Figure]]:
    """Figure 2 of the paper and its panels, and claims of the literature."""
    paper: list[type[Figure]] = [Figure2, Figure2a, Figure2b, Figure2c, Figure2d]
    return [*paper, Capacity, Scaling, PolaczykFigure2, JacobianRank, MontanariZhong, Lazy]
