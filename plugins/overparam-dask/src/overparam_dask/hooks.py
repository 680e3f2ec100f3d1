"""Components of this distribution."""

from overparam.plugin import Executor, hookimpl
from overparam_dask.executor import Dask


@hookimpl
def overparam_executors() -> list[type[Executor]]:
    """The Dask executor."""
    return [Dask]
