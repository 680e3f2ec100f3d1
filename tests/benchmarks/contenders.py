"""The contenders that are measured: each is one module with a function `prepare`."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass

from tests.benchmarks.instances import Instances, Run

__all__ = ["CONTENDERS", "FUSED", "PEERS", "Contender"]


@dataclass(frozen=True)
class Contender:
    """An implementation that carries out training runs.

    Attributes
    ----------
    name : str
        Its name in the tables.
    module : str
        Its module in this package.
    package : str or None
        The package that must be installed besides the core.
    compiles : bool
        Whether its first call compiles.
    """

    name: str
    module: str
    package: str | None = None
    compiles: bool = False

    def missing(self) -> str | None:
        """Return the reason why it cannot be measured here, or None if it can."""
        if self.package is None or importlib.util.find_spec(self.package) is not None:
            return None
        return f"{self.package} is not installed"

    def prepare(self, instances: Instances) -> list[Run]:
        """Return the ways in which it can run these instances; the fastest counts."""
        # Loaded on demand: each module needs an optional package, and these are slow to import.
        module = importlib.import_module(f"tests.benchmarks.{self.module}")
        runs: list[Run] = module.prepare(instances)
        return runs


FUSED = Contender("fused numba", "fused", "overparam_numba", compiles=True)
PEERS = (
    Contender("portable NumPy", "portable"),
    Contender("PyTorch bmm", "torch_bmm", "torch"),
    Contender("torch.func", "torch_func", "torch"),
    Contender("JAX while_loop", "jax_while", "jax", compiles=True),
)
CONTENDERS = (FUSED, *PEERS)
