"""Every theorem that applies, evaluated on one problem and one run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import overparam as op
from overparam import defaults
from overparam.arrays.backends import DType, dtype_of
from overparam.components.faults import calling
from overparam.markup import table
from overparam.methods import Layers, Optimizer
from overparam.model.activations import Activation
from overparam.model.data import DataGenerator
from overparam.model.initializations import Initialization
from overparam.model.losses import Loss
from overparam.model.problem import Problem
from overparam.runs import Recipe, StopRule, recipe_of, require_trainable
from overparam.theory.evaluated import Evaluated, Failed, Inapplicable
from overparam.theory.evaluation import evaluate_theorem
from overparam.theory.following import follow
from overparam.theory.probes import Trajectory
from overparam.theory.setting import Setting
from overparam.theory.theorems.base import Theorem
from overparam.theory.theorems.catalogue import builtin_theorems

__all__ = ["Certificate", "certificate_of", "certify", "evaluate"]


@dataclass(frozen=True)
class Certificate:
    """All theorems, evaluated on one run.

    Attributes
    ----------
    setting : Setting
    run : Trajectory
    evaluated : tuple of Evaluated
        The theorems that apply, in the given order.
    inapplicable : tuple of Inapplicable
        The theorems for other settings, each with the reason.
    failed : tuple of Failed
        The theorems that raised an exception or returned a wrong value.
    """

    setting: Setting
    run: Trajectory
    evaluated: tuple[Evaluated, ...]
    inapplicable: tuple[Inapplicable, ...] = ()
    failed: tuple[Failed, ...] = ()

    @property
    def set_aside(self) -> tuple[tuple[str, str], ...]:
        """Title of every theorem that does not apply, with the reason."""
        return tuple((one.theorem.title, one.reason) for one in self.inapplicable)

    def __repr__(self) -> str:
        kept = [one.promises_kept for one in self.evaluated]
        words = {True: "promises kept", False: "promises broken", None: "no verdict"}
        verdicts = ", ".join(f"{words[one]} {kept.count(one)}" for one in words)
        return (
            f"Certificate({self.run.followed}, {len(kept)} theorems: {verdicts}; "
            f"{len(self.set_aside)} do not apply, {len(self.failed)} failed)"
        )

    def _repr_html_(self) -> str:
        """One row per theorem."""
        rows: list[tuple[object, ...]] = [
            (one.theorem.title, one.hypotheses_met, one.promises_kept, one.probability)
            for one in self.evaluated
        ]
        rows += [(title, f"does not apply: {reason}", None, None) for title, reason in self.set_aside]
        rows += [(one.name, f"failed: {one.reason}", None, None) for one in self.failed]
        head = ("theorem", "hypotheses met", "promises kept", "probability at least")
        return table(f"Certificate, followed {self.run.followed}", rows, head)

    def to_json(self) -> dict[str, Any]:
        """Return the theorems' part of the JSON of ``overparam certify``; non-finite values are null."""
        about = [one.to_json() for one in self.evaluated]
        return {
            "followed": self.run.followed,
            "theorems": about + [one.to_json() for one in self.inapplicable],
            "not_applicable": [{"name": title, "reason": reason} for title, reason in self.set_aside],
            "failed": [one.to_json() for one in self.failed],
        }


def certify(
    problem: Problem,
    *,
    activation: str | Activation = defaults.ACTIVATION,
    loss: str | Loss = defaults.LOSS,
    initialization: str | Initialization = defaults.INITIALIZATION,
    optimizer: str | Optimizer = defaults.OPTIMIZER,
    layers: Layers | None = None,
    max_iterations: int = defaults.MAX_ITERATIONS,
    tolerance: float = defaults.TOLERANCE,
    data: str | DataGenerator | None = None,
    theorems: Sequence[Theorem] | None = None,
    delta: float = 1.0,
    probes: int = 9,
    dtype: DType | None = None,
) -> Certificate:
    """Return the certificate of a training run as in `overparam.train`: all theorems that apply, evaluated.

    Parameters
    ----------
    problem : Problem
        A single problem with unit rows and labels that are not all zero; computed on its arrays' device.
    activation, loss, optimizer : str or component
    initialization : str or component
        Distribution of W₀ and v: theorems about the paper's initialization do not apply to others.
    layers, max_iterations, tolerance
        As in `overparam.train`.
    data : str or DataGenerator, optional
        Origin of X: Corollaries 2.2 and 2.4 apply only if X is known to be uniform.
    theorems : sequence of Theorem, optional
        Default: the paper's theorems and those of plugins.
    delta : float
        δ of the probability statements.
    probes : int
        Largest number of probes of the Jacobian, at least 2.
    dtype : "float32" or "float64", optional
        Default: the problem's own data type.

    Raises
    ------
    ValueError
        For unknown components, a stack of problems, rows whose norm is not 1, or labels for which the loss is
        not defined.
    """
    registry = op.default_registry()
    recipe = recipe_of(
        registry.resolve,
        activation=activation,
        loss=loss,
        initialization=initialization,
        optimizer=optimizer,
        layers=layers,
        stop=StopRule(max_iterations, tolerance),
        dtype=dtype or dtype_of(problem.X),
    )
    return certificate_of(
        problem,
        recipe,
        data=None if data is None else registry.resolve(DataGenerator, data),
        theorems=registry.all_of(Theorem) if theorems is None else theorems,
        origins=registry.origins(Theorem),
        delta=delta,
        probes=probes,
    )


def certificate_of(
    problem: Problem,
    recipe: Recipe,
    *,
    data: DataGenerator | None = None,
    theorems: Sequence[Theorem] | None = None,
    origins: Mapping[type[Theorem], str] | None = None,
    delta: float = 1.0,
    probes: int = 9,
) -> Certificate:
    """Return the certificate of a recipe: train by it, and evaluate every theorem that applies.

    Parameters
    ----------
    problem : Problem
        A single problem, with unit rows and labels that are not all zero.
    recipe : Recipe
        What is trained, and how. The certificate follows the method's own iterates. If the hidden layer is
        not trained, W stays at W₀, and the theorems are evaluated there.
    data : DataGenerator, optional
        Origin of X: Corollaries 2.2 and 2.4 apply only if X is known to be uniform.
    theorems : sequence of Theorem, optional
        Default: the paper's theorems.
    origins : mapping of theorem classes to str, optional
        The distribution of each theorem, to name it in case of failure.
    delta : float
        δ of the probability statements.
    probes : int
        Largest number of probes of the Jacobian, at least 2.

    Raises
    ------
    ValueError
        For a stack of problems, rows whose norm is not 1, or labels for which the loss is not defined.
    """
    setting = Setting(problem, recipe, data, delta)
    require_trainable(recipe, problem)
    with calling(*recipe.components.values()):
        return evaluate(setting, follow(problem, recipe, probes), theorems, origins)


def evaluate(
    setting: Setting,
    run: Trajectory,
    theorems: Sequence[Theorem] | None = None,
    origins: Mapping[type[Theorem], str] | None = None,
) -> Certificate:
    """Return all theorems (default: the paper's) evaluated on a run that `follow` returned."""
    answers = [
        evaluate_theorem(theorem, setting, run, (origins or {}).get(type(theorem)))
        for theorem in ([cls() for cls in builtin_theorems()] if theorems is None else theorems)
    ]
    return Certificate(
        setting,
        run,
        tuple(answer for answer in answers if isinstance(answer, Evaluated)),
        tuple(answer for answer in answers if isinstance(answer, Inapplicable)),
        tuple(answer for answer in answers if isinstance(answer, Failed)),
    )
