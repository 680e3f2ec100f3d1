"""The gap between theorems and a run as text, with one line for each step of a proof."""

from __future__ import annotations

from collections.abc import Sequence

from overparam.cli.output import echo
from overparam.cli.summary import echo_wrapped
from overparam.cli.visible import visible
from overparam.theory import Gap

__all__ = ["echo_gaps"]

_WORDS = {
    "width": "hidden units: the number that the theorem asks for, and the number used",
    "rate": "average fraction by which ‖f(W_τ) − y‖ falls per update: promised, and measured",
    "factor": "(promised/measured)^power: how much this step of the proof loses on this run; below 1, the "
    "run is worse than the step assumes",
}


def echo_gaps(gaps: Sequence[Gap]) -> None:
    """Write a table for every gap that can be split, the reason for every other gap, and a legend."""
    split = [gap for gap in gaps if gap.factors]
    for gap in split:
        _echo_gap(gap)
    for gap in gaps:
        if not gap.factors:
            echo_wrapped(f"{gap.theorem.title}, {gap.quantity}: {visible(gap.reason)}", 13)
    if split:
        for word, meaning in _WORDS.items():
            echo_wrapped(f"{word:<13} {meaning}", 14)


def _echo_gap(gap: Gap) -> None:
    width = max(len(one.name) for one in gap.factors)
    sides = ("promised", "measured") if gap.quantity == "rate" else ("asked for", "used")
    echo(f"{gap.theorem.title}, {gap.quantity}: {gap.theory:.4g} {sides[0]}, {gap.practice:.4g} {sides[1]}")
    echo(f"  {'step of the proof':<{width}} {'promised':>9} {'measured':>9} {'power':>5} {'factor':>9}")
    for one in gap.factors:
        numbers = f"{one.promised:>9.3g} {one.measured:>9.3g} {one.power:>5} {one.value:>9.3g}"
        echo(f"  {one.name:<{width}} {numbers}")
    echo(f"  {'product, the gap':<{width}} {'':>25} {gap.value:>9.3g}")
    echo()
