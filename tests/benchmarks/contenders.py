"""Who is measured: each contender is one module with a function `prepare`."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass

from tests.benchmarks.instances import Instances, Run

__all__ = ["CONTENDERS", "FUSED", "PEERS", "Contender"]


@dataclass(frozen=True)
class Contender:
    """A way to carry out trainings.

    Attributes
    ----------
    name : str
        As the tables call it.
    module : str
        Its module in this package.
    package : str or None
        What must be installed beside the core.
    compiles : bool
        Whether its first call compiles.
    """

    name: str
    module: str
    package: str | None = None
    compiles: bool = False

    def missing(self) -> str | None:
        """Return why it cannot be measured here, None where it can."""
        if self.package is None or importlib.util.find_spec(self.package) is not None:
            return None
        return f"{self.package} is not installed"

    def prepare(self, instances: Instances) -> list[Run]:
        """Return the ways in which it can run these instances, of which the fastest counts."""
        # Loaded when asked for: each module needs an optional package, all of them slow to import.
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
