"""The specification of a study: everything that its trials share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from overparam.components import Component
from overparam.model.data import DataGenerator, Gaussian, Labels, Sphere
from overparam.runs import Recipe

__all__ = ["Description", "Specification", "completed", "differences", "distribution_key"]

_DISTRIBUTION = "_distribution"

Description: TypeAlias = dict[str, str | int | float]
"""A specification as plain values, as stored in a study's file."""


@dataclass(frozen=True, kw_only=True)
class Specification:
    """Everything that the trials of a study share: seed, data, labels and recipe.

    Attributes
    ----------
    seed : int
        Non-negative.
    data, labels : components
    recipe : Recipe
        The recipe of the training runs.
    """

    seed: int = 0
    data: DataGenerator = field(default_factory=Sphere)
    labels: Labels = field(default_factory=Gaussian)
    recipe: Recipe

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0, got {self.seed}")

    @property
    def components(self) -> dict[str, Component]:
        """The parts that are components, by the name of their option."""
        return {**self.recipe.components, "data": self.data, "labels": self.labels}

    def describe(self) -> Description:
        """Return every part as spelled on the command line, its distribution, and a digest of data files."""
        digest, recipe = self.data.digest(), self.recipe
        parts = self.components.items()
        return {
            "seed": self.seed,
            **{part: component.specification() for part, component in parts},
            **{distribution_key(part): component.identity().owner for part, component in parts},
            "layers": recipe.layers,
            "max_iterations": recipe.stop.max_iterations,
            "tolerance": recipe.stop.tolerance,
            "dtype": recipe.dtype,
            **({} if digest is None else {"data_digest": digest}),
        }


def distribution_key(part: str) -> str:
    """Return the name under which a study stores the distribution of a component."""
    return f"{part}{_DISTRIBUTION}"


def completed(description: Description) -> Description:
    """Return the description with the parts that old studies omit: loss, initialization and layers."""
    solver = str(description.get("optimizer", "")).partition(":")[0] == "least-squares"
    before = {"loss": "squared", "initialization": "paper", "layers": "output" if solver else "hidden"}
    return {**before, **description}


def differences(
    one: Description, other: Description, name: str = "study", other_name: str = "asked"
) -> list[str]:
    """Return every part in which two specifications differ, with both values.

    An old file does not name distributions: it differs in none of them.
    """
    one, other = completed(one), completed(other)
    parts = {*one, *other}
    unsaid = {part for part in parts - ({*one} & {*other}) if part.endswith(_DISTRIBUTION)}
    return [
        f"{part} ({name}: {one.get(part)}, {other_name}: {other.get(part)})"
        for part in sorted(parts - unsaid)
        if one.get(part) != other.get(part)
    ]
