"""A plugin's activation (GELU) against softplus, both in the fused engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from overparam.model.activations import Softplus
from overparam.plugin import Activation, Array, array_namespace
from tests.benchmarks.cells import DTYPES, Cell
from tests.benchmarks.contenders import FUSED
from tests.benchmarks.instances import Instances
from tests.benchmarks.measure import turn
from tests.benchmarks.probes import best_rates, probe_of

__all__ = ["Gelu", "gelu_against_softplus"]

_RATE = 0.7978845608028654  # √(2/π)


@dataclass(frozen=True)
class Gelu(Activation):
    """GELU in its tanh form, φ(z) = z(1 + tanh(√(2/π)(z + 0.044715z³)))/2."""

    name: ClassVar[str] = "gelu"

    def value(self, z: Array) -> Array:
        """φ(z)."""
        return 0.5 * z * (1.0 + self._tanh(z))

    def derivative(self, z: Array) -> Array:
        """φ′(z)."""
        t = self._tanh(z)
        return 0.5 * (1.0 + t) + 0.5 * z * (1.0 - t * t) * (_RATE * (1.0 + 0.134145 * z * z))

    def _tanh(self, z: Array) -> Array:
        return array_namespace(z).tanh(_RATE * (z + 0.044715 * z * z * z))


def gelu_against_softplus(rounds: int) -> list[tuple[Cell, float, float]]:
    """Updates a second of the fused engine with GELU and with softplus, interleaved, cell by cell."""
    found = []
    for dtype in DTYPES:
        for n, k, d in ((100, 10, 10), (200, 25, 25)):
            cell = Cell(Gelu(), dtype, n, k, d, 100)
            probes = {
                c.activation.name: probe_of(FUSED.prepare(Instances.of(c))[0], turn(c.batch))
                for c in (cell, replace(cell, activation=Softplus()))
            }
            rates = best_rates(probes, rounds)
            found.append((cell, rates["gelu"], rates["softplus"]))
    return found
