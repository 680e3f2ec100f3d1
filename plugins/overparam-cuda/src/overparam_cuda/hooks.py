"""Components of this distribution."""

from overparam.plugin import Engine, hookimpl
from overparam_cuda.engine import Cuda


@hookimpl
def overparam_engines() -> list[type[Engine]]:
    """The CUDA engine."""
    return [Cuda]
