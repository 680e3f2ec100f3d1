"""Instances of a component class for its checks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TypeVar

from overparam.components import Component
from overparam.methods import StochasticGradientDescent
from overparam.model.activations import Hermite
from overparam.model.data import Separated
from overparam.reproductions import (
    Capacity,
    Figure2,
    Figure2a,
    Figure2b,
    Figure2c,
    Figure2d,
    JacobianRank,
    Lazy,
    MontanariZhong,
    PolaczykFigure2,
    Scaling,
)
from overparam.testing.checks import Skipped

__all__ = ["examples"]

C = TypeVar("C", bound=Component)

_BUILT_IN: Mapping[type[Component], Sequence[Component]] = {
    Hermite: [Hermite((0.0, 0.5, 0.0, 0.2))],
    Separated: [Separated(0.3)],
    StochasticGradientDescent: [StochasticGradientDescent(0.5)],
    **{
        panels: [panels(trials=1, grid="2", max_iterations=3)]
        for panels in (Figure2, Figure2a, Figure2b, Figure2c, Figure2d)
    },
    Capacity: [Capacity(n=8, d="4", budgets=(200, 800), error=0.5)],
    JacobianRank: [JacobianRank(trials=2, grid="2,6,10", n=20)],
    Lazy: [Lazy(trials=2, n=6, d=4, largest=64, max_iterations=2000)],
    MontanariZhong: [MontanariZhong(trials=1, n="20")],
    PolaczykFigure2: [PolaczykFigure2(trials=1, grid="2,8", max_iterations=50, n=10)],
    Scaling: [Scaling(largest=50, d=10, error=1.0, max_iterations=5)],
}


def examples(cls: type[C]) -> list[C]:
    """Return instances to check: those of the class's own method `examples`, else one with the defaults.

    A class with a parameter that has no default gives the values to check in a static method
    ``examples() -> list``. A class with defaults may do so too, to add further values.

    Raises
    ------
    Skipped
        If a parameter has no default and there is no such method.
    """
    own = getattr(cls, "examples", None)
    if own is not None:
        return list(own())
    if cls in _BUILT_IN:
        return [example for example in _BUILT_IN[cls] if isinstance(example, cls)]
    required = [
        field.name
        for field in dataclasses.fields(cls)
        if field.init
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if required:
        raise Skipped(
            f"{cls.__name__} needs {', '.join(required)}: give it a static method examples() that returns "
            "instances to check"
        )
    return [cls()]
