"""Recorded losses printed for the pass that computes the residual."""

from __future__ import annotations

from textwrap import indent

from overparam.plugin import Loss, of_the_difference, record_loss
from overparam_numba.emit import print_program

__all__ = ["print_loss"]


def print_loss(loss: Loss) -> dict[str, str]:
    """Return ∂ℓ/∂f and the miss of a vector of samples, and the initial value of the sum of outputs.

    A loss of f − y alone has f − y as `outputs`: the sum starts at −y, which saves a rounding.

    Raises
    ------
    Unrecordable
        If the loss is not an elementwise expression that vectors can compute.
    """
    program = record_loss(loss)
    of_difference = of_the_difference(program)
    names = {"outputs": "outputs", "difference": "outputs", "labels": "labels"}
    lines, (derivative, miss) = print_program(of_difference or program, names, "a", "c")
    return {
        "origin": "filled(0.0, a)" if of_difference is None else "negative(labels)",
        "loss_of_outputs": indent("\n".join(lines), 8 * " "),
        "derivative": derivative,
        "miss": miss,
    }
