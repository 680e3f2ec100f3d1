"""The specification of a sweep: what all its trials share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from overparam.activations import Activation
from overparam.backends import DType
from overparam.components import Component
from overparam.data import DataGenerator, Labels
from overparam.optimizers import Optimizer
from overparam.training import StopRule

__all__ = ["Description", "Specification", "differences"]

_DISTRIBUTION = "_distribution"

Description: TypeAlias = dict[str, str | int | float]
"""A specification as plain values, the way a study's file keeps it."""


@dataclass(frozen=True)
class Specification:
    """All that decides a trial's outcome, its key and rounding aside.

    Attributes
    ----------
    seed : int
        Non-negative.
    activation, optimizer, data, labels : components
    stop : StopRule
    dtype : "float32" or "float64"
    """

    seed: int
    activation: Activation
    optimizer: Optimizer
    data: DataGenerator
    labels: Labels
    stop: StopRule
    dtype: DType

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, got {self.seed}")

    @property
    def components(self) -> dict[str, Component]:
        """The parts that are components, by the name of their option."""
        return {
            "activation": self.activation,
            "optimizer": self.optimizer,
            "data": self.data,
            "labels": self.labels,
        }

    def describe(self) -> Description:
        """Spell every part as the command line does, and who brings it; with a digest of data in a file."""
        digest = self.data.digest()
        parts = self.components.items()
        return {
            "seed": self.seed,
            **{part: component.specification() for part, component in parts},
            **{f"{part}{_DISTRIBUTION}": component.identity().distribution for part, component in parts},
            "max_iterations": self.stop.max_iterations,
            "tolerance": self.stop.tolerance,
            "dtype": self.dtype,
            **({} if digest is None else {"data_digest": digest}),
        }


def differences(
    one: Description, other: Description, name: str = "study", other_name: str = "asked"
) -> list[str]:
    """Name every part in which two specifications differ, with both values.

    A file from before distributions were kept does not say them: it differs in none.
    """
    parts = {*one, *other}
    unsaid = {part for part in parts - ({*one} & {*other}) if part.endswith(_DISTRIBUTION)}
    return [
        f"{part} ({name}: {one.get(part)}, {other_name}: {other.get(part)})"
        for part in sorted(parts - unsaid)
        if one.get(part) != other.get(part)
    ]
