"""Checks of every component: specification, equality and transfer to another process."""

from __future__ import annotations

import pickle
from functools import partial

from overparam.components import Component, build, parse_specification
from overparam.testing.checks import Check, require

__all__ = ["component_checks"]


def component_checks(component: Component) -> list[Check]:
    """Return the checks of every family."""
    return [
        Check("specification-round-trips", partial(_round_trips, component)),
        Check("hashable-and-picklable", partial(_picklable, component)),
    ]


def _round_trips(component: Component) -> None:
    text = component.specification()
    name, parameters = parse_specification(text)
    again = build(type(component), parameters)
    require(
        name == component.name and again == component,
        f"{text!r} spells {again!r}, not {component!r}: are its fields' annotations int, float, bool, str, "
        "Path, Literal, or tuples and unions of these?",
    )


def _picklable(component: Component) -> None:
    hash(component)
    again = pickle.loads(pickle.dumps(component))
    require(again == component, f"pickled and unpickled it is {again!r}: define the class in a module")
