"""The public functions of the kit: the checks of a component, and a pytest test that runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from overparam.arrays.backends import Backend
from overparam.components import Component
from overparam.methods import Optimizer
from overparam.model.activations import Activation
from overparam.model.data import DataGenerator, Labels
from overparam.model.initializations import Initialization
from overparam.model.losses import Loss
from overparam.reproductions import Figure
from overparam.runs import Engine
from overparam.sweeps import Design, Executor
from overparam.testing.activations import activation_checks
from overparam.testing.backends import backend_checks
from overparam.testing.checks import Check, Skipped
from overparam.testing.components import component_checks
from overparam.testing.data import data_checks, label_checks
from overparam.testing.designs import design_checks
from overparam.testing.engines import engine_checks
from overparam.testing.executors import executor_checks
from overparam.testing.figures import figure_checks
from overparam.testing.initializations import initialization_checks
from overparam.testing.losses import loss_checks
from overparam.testing.optimizers import optimizer_checks
from overparam.testing.theorems import claim_checks, theorem_checks
from overparam.theory import Claim, Theorem

__all__ = ["checks_for", "conformance"]

_FAMILIES: list[tuple[type[Component], Callable[[Any], list[Check]]]] = [
    (Activation, activation_checks),
    (Loss, loss_checks),
    (Initialization, initialization_checks),
    (Optimizer, optimizer_checks),
    (DataGenerator, data_checks),
    (Labels, label_checks),
    (Backend, backend_checks),
    (Engine, engine_checks),
    (Executor, executor_checks),
    (Design, design_checks),
    (Figure, figure_checks),
    (Theorem, theorem_checks),
    (Claim, claim_checks),
]


def checks_for(component: Component) -> list[Check]:
    """Return all checks of a component: those of every component, then its family's.

    Parameters
    ----------
    component : Component
        An instance; the checks use its parameters.
    """
    own: list[Check] = []
    for family, checks in _FAMILIES:
        if isinstance(component, family):
            own += checks(component)
    return [*component_checks(component), *own]


def conformance(*components: Component) -> Callable[..., None]:
    """Return a pytest test that runs every check on every component, one case each.

    Use it in one line of a test module::

        test_conformance = conformance(Swish(), Swish(beta=2.0))

    Parameters
    ----------
    *components : Component
        Instances to check.

    Returns
    -------
    callable
        A parametrized test; its ids read ``swish-derivative-matches-finite-differences``.
    """
    import pytest  # the checks themselves do not need it

    cases = [
        pytest.param(check, id=f"{component.specification()}-{check.name}")
        for component in components
        for check in checks_for(component)
    ]

    @pytest.mark.parametrize("check", cases)
    def test_conformance(check: Check) -> None:
        try:
            check.run()
        except Skipped as reason:
            pytest.skip(str(reason))

    return test_conformance
