"""Components of this distribution."""

from overparam.plugin import Optimizer, hookimpl
from overparam_optimizers.adam import Adam
from overparam_optimizers.levenberg_marquardt import LevenbergMarquardt
from overparam_optimizers.momentum import Momentum
from overparam_optimizers.nesterov import Nesterov


@hookimpl
def overparam_optimizers() -> list[type[Optimizer]]:
    """Three first-order methods and one in function space."""
    return [Momentum, Nesterov, Adam, LevenbergMarquardt]
