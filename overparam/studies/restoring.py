"""The specification of a study, restored with its components."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from overparam.arrays.backends import DType
from overparam.components import Component, ComponentError, Resolve
from overparam.components.whole import whole
from overparam.methods import Optimizer
from overparam.model.activations import Activation
from overparam.model.data import DataGenerator, Labels
from overparam.model.initializations import Initialization
from overparam.model.losses import Loss
from overparam.runs import Recipe, StopRule
from overparam.studies.connect import damaged
from overparam.studies.errors import mismatch
from overparam.studies.specification import Specification, completed, differences, distribution_key
from overparam.studies.study import Study

__all__ = ["FAMILIES", "restore"]

FAMILIES: Mapping[str, type[Component]] = {
    "activation": Activation,
    "loss": Loss,
    "initialization": Initialization,
    "optimizer": Optimizer,
    "data": DataGenerator,
    "labels": Labels,
}
"""Parts of a specification that are components, with their families."""

_PLAIN = ("seed", "layers", "max_iterations", "tolerance", "dtype")


def restore(study: Study, resolve: Resolve, said: Mapping[str, Any] | None = None) -> Specification:
    """Return the specification of a study's trials.

    Parameters
    ----------
    study : Study
        A study with a specification.
    resolve : callable
        Finds components; each must come from the distribution that the study names.
    said : mapping, optional
        Requested parts, by name: they must be equal to the study's.

    Raises
    ------
    SpecificationMismatch
        If a requested part, a component's distribution or the data differ from the study's.
    ComponentError
        If a component's distribution is not installed.
    """
    stored: dict[str, Any] = {**completed(study.specification)}
    said = said or {}
    if {*FAMILIES, *_PLAIN} - {*stored} or stored["dtype"] not in get_args(DType):
        raise damaged(study.path, "its specification is not valid")
    parts: dict[str, Any] = {}
    described: dict[str, Any] = {}
    for part, family in FAMILIES.items():
        parts[part] = resolve(family, said[part]) if part in said else _brought(stored, part, resolve)
        described[part] = parts[part].specification()
        described[distribution_key(part)] = parts[part].identity().owner
    plain = {part: said.get(part, stored[part]) for part in _PLAIN}
    if differing := differences(stored, {**stored, **described, **plain}):
        raise mismatch(study.path, differing)
    specification = Specification(
        seed=whole("seed", plain["seed"], most=None),
        data=parts.pop("data"),
        labels=parts.pop("labels"),
        recipe=Recipe(
            **parts,
            layers=plain["layers"],
            stop=StopRule(plain["max_iterations"], plain["tolerance"]),
            dtype=plain["dtype"],
        ),
    )
    if differing := differences(stored, specification.describe()):
        raise mismatch(study.path, differing)
    return specification


def _brought(stored: Mapping[str, Any], part: str, resolve: Resolve) -> Component:
    """Return the component that a study names, from its distribution if the study names that too."""
    name, owner = stored[part], stored.get(distribution_key(part))
    try:
        spelled = name if owner is None else f"{str(owner).partition('@')[0]}/{name}"
        component: Component = resolve(FAMILIES[part], spelled)
    except ComponentError as error:
        of = "" if owner is None else f" of {owner}"
        raise ComponentError(f"the study's {part}, {name}{of}, is not available: {error}") from error
    return component
