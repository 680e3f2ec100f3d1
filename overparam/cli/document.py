"""Parts of the JSON documents of several commands: problem, recipe, components and outcome."""

from __future__ import annotations

from typing import Any

from overparam.model.activations import Activation
from overparam.model.data import DataGenerator, Labels
from overparam.model.losses import Loss
from overparam.model.problem import Problem
from overparam.runs import Outcome, Recipe

__all__ = ["components_document", "outcome_document", "problem_document", "recipe_document"]


def problem_document(problem: Problem, activation: Activation, given: dict[str, Any]) -> dict[str, Any]:
    """Return "problem": sizes, seed and components; `given` holds the command's options."""
    return {
        "n": problem.n,
        "d": problem.d,
        "k": problem.k,
        "seed": given["seed"],
        "trial": given["trial"],
        "activation": activation.specification(),
        "data": given["data"],
        "labels": given["labels"],
    }


def recipe_document(problem: Problem, recipe: Recipe) -> dict[str, Any]:
    """Return the recipe; "step_size" is null for a method without one."""
    return {
        "loss": recipe.loss.specification(),
        "initialization": recipe.initialization.specification(),
        "layers": recipe.layers,
        "optimizer": recipe.optimizer.specification(),
        "step_size": recipe.optimizer.step_size_for(problem, recipe.activation),
    }


def components_document(recipe: Recipe, data: DataGenerator, labels: Labels) -> dict[str, Any]:
    """Return "components": the identity of each."""
    parts = {**recipe.components, "data": data, "labels": labels}
    return {part: component.identity()._asdict() for part, component in parts.items()}


def outcome_document(loss: Loss, outcome: Outcome) -> dict[str, Any]:
    """Return the outcome of a training run."""
    return {
        "status": str(outcome.status),
        "success": outcome.success,
        "iterations": outcome.iterations,
        "measure": loss.measure,
        "relative_residual": outcome.relative_residual,
        "distance_from_initialization": outcome.distance_from_initialization,
        "path_length": outcome.path_length,
        "effective_parameters": outcome.effective_parameters,
        "rank": outcome.rank,
    }
