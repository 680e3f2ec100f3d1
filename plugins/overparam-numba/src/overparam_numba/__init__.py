"""The fused CPU engine of overparam."""

from overparam.plugin import Engine, hookimpl
from overparam_numba.engine import Numba

__all__ = ["Numba"]


@hookimpl
def overparam_engines() -> list[type[Engine]]:
    """The numba engine."""
    return [Numba]
