"""Hooks of a plugin: each returns a list of classes, whose names users type on the command line.

A plugin is a module, named in the entry-point group ``overparam`` of its distribution, with functions of
these names marked by ``overparam.plugin.hookimpl``. The built-in components are registered in the same way.
docs/tutorials/every-hook.md has a worked example of each, executed by the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from overparam.arrays.backends import Backend
    from overparam.methods import Optimizer
    from overparam.model.activations import Activation
    from overparam.model.data import DataGenerator, Labels
    from overparam.model.initializations import Initialization
    from overparam.model.losses import Loss
    from overparam.reproductions import Figure
    from overparam.runs import Engine
    from overparam.sweeps import Design, Executor
    from overparam.theory import Claim, Theorem

__all__ = ["hookimpl", "hookspec"]

hookspec = pluggy.HookspecMarker("overparam")
hookimpl = pluggy.HookimplMarker("overparam")


@hookspec
def overparam_activations() -> list[type[Activation]]:
    """Activations φ, for ``--activation``."""
    raise NotImplementedError


@hookspec
def overparam_losses() -> list[type[Loss]]:
    """Losses, for ``--loss``."""
    raise NotImplementedError


@hookspec
def overparam_initializations() -> list[type[Initialization]]:
    """Initializations of the weights, for ``--initialization``."""
    raise NotImplementedError


@hookspec
def overparam_optimizers() -> list[type[Optimizer]]:
    """Optimizers, for ``--optimizer``."""
    raise NotImplementedError


@hookspec
def overparam_data() -> list[type[DataGenerator]]:
    """Data generators, for ``--data``."""
    raise NotImplementedError


@hookspec
def overparam_labels() -> list[type[Labels]]:
    """Labels, for ``--labels``."""
    raise NotImplementedError


@hookspec
def overparam_backends() -> list[type[Backend]]:
    """Array backends, for ``--backend``."""
    raise NotImplementedError


@hookspec
def overparam_engines() -> list[type[Engine]]:
    """Training engines, for ``--engine``."""
    raise NotImplementedError


@hookspec
def overparam_theorems() -> list[type[Theorem]]:
    """Theorems, for ``overparam certify``."""
    raise NotImplementedError


@hookspec
def overparam_claims() -> list[type[Claim]]:
    """Claims about widths that are not theorems, for ``--claims``."""
    raise NotImplementedError


@hookspec
def overparam_executors() -> list[type[Executor]]:
    """Executors of sweeps, for ``--executor``."""
    raise NotImplementedError


@hookspec
def overparam_designs() -> list[type[Design]]:
    """Designs of sweeps, for ``--design``."""
    raise NotImplementedError


@hookspec
def overparam_figures() -> list[type[Figure]]:
    """Figures and claims that can be measured again, for ``overparam reproduce``."""
    raise NotImplementedError
