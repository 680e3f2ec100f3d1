"""The parts of a JSON document that several commands have: what was trained, and how it ended."""

from __future__ import annotations

from typing import Any

from overparam.activations import Activation
from overparam.optimizers import FirstOrder, Optimizer
from overparam.problems import Problem
from overparam.training import Outcome

__all__ = ["method_document", "outcome_document", "problem_document"]


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


def method_document(problem: Problem, activation: Activation, optimizer: Optimizer) -> dict[str, Any]:
    """Return "optimizer" and "step_size", null for a method without one."""
    size = optimizer.step_size_for(problem, activation) if isinstance(optimizer, FirstOrder) else None
    return {"optimizer": optimizer.specification(), "step_size": size}


def outcome_document(outcome: Outcome) -> dict[str, Any]:
    """Return how a training run ended."""
    return {
        "status": str(outcome.status),
        "success": outcome.success,
        "iterations": outcome.iterations,
        "relative_residual": outcome.relative_residual,
        "distance_from_initialization": outcome.distance_from_initialization,
        "path_length": outcome.path_length,
        "effective_parameters": outcome.effective_parameters,
        "rank": outcome.rank,
    }
