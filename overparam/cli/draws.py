"""How often promises are kept over draws of W₀, as text."""

from __future__ import annotations

from overparam.cli.output import echo
from overparam.cli.summary import echo_wrapped
from overparam.cli.visible import visible
from overparam.theory import Draws, Frequency, Held

__all__ = ["echo_draws"]

_WORDS = {
    "kept": "draws in which the promise is kept; open: draws in which this could not be decided",
    "95 %": "Clopper–Pearson interval of the probability; open draws widen it",
    "stated": "lower bound that the theorem states on the probability of all its promises together, for "
    "draws that meet its hypotheses",
}


def echo_draws(draws: Draws) -> None:
    """Write a line for every promise, and a legend."""
    echo(f"Promises over {draws.number} draws of W₀ with the same data and labels")
    for held in draws.theorems:
        _echo_held(held, draws.number)
    echo()
    for word, meaning in _WORDS.items():
        echo_wrapped(f"{word:<13} {meaning}", 14)


def _echo_held(held: Held, number: int) -> None:
    stated = held.probability
    said = "no probability stated" if stated is None else f"stated {stated:.4g}"
    said = "stated: vacuous" if stated is not None and stated <= 0.0 else said
    title = visible(held.theorem.title)
    echo_wrapped(f"{title}: {said}; hypotheses met in {held.hypotheses_met} of {number}", 2)
    # A single promise is the same as all promises together.
    shown = held.promises if len(held.promises) == 1 else (held.together, *held.promises)
    for one in shown:
        echo_wrapped(f"  {_counts(one)}  {visible(one.statement)}", 34)


def _counts(one: Frequency) -> str:
    low, high = one.interval
    undecided = f" ({one.open} open)" if one.open else ""
    kept = f"{one.kept} of {one.trials}{undecided}"
    return f"{kept:<16} {low:.3f}–{high:.3f}"
