"""The built-in components, handed over by the same hooks as a stranger's."""

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
    """The paper's squared loss, and two for labels ±1."""
    return [Squared, Logistic, Hinge]


@hookimpl
def overparam_initializations() -> list[type[Initialization]]:
    """The theorems', one of other scales, and one that starts at f = 0."""
    return [Paper, Scaled, Symmetric]


@hookimpl
def overparam_optimizers() -> list[type[Optimizer]]:
    """Gradient descent, SGD, and least squares on the output layer."""
    return [GradientDescent, StochasticGradientDescent, LeastSquares]


@hookimpl
def overparam_data() -> list[type[DataGenerator]]:
    """Uniform on the sphere, from a cube, δ-separated, and from a file."""
    return [Sphere, Cube, Separated, File]


@hookimpl
def overparam_labels() -> list[type[Labels]]:
    """Gaussian, Rademacher, and those that come with the data."""
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
    """The paper's."""
    return list(builtin_theorems())


@hookimpl
def overparam_claims() -> list[type[Claim]]:
    """The paper's that are no theorem to evaluate."""
    return list(builtin_claims())


@hookimpl
def overparam_executors() -> list[type[Executor]]:
    """In this process, and a pool of processes."""
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
