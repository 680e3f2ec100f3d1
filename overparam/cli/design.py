"""How far the design of a study is, for ``sweep`` and ``status``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from overparam.cli.output import echo
from overparam.cli.visible import visible
from overparam.studies import Study, crossings

__all__ = ["design_document", "echo_design"]


def design_document(study: Study) -> dict[str, Any] | None:
    """The design, its rounds and the boundary at each (n, d); None where the only design is the grid."""
    if (plan := study.plan) is None:
        return None
    return {
        "design": plan.design,
        "distribution": plan.distribution,
        "rounds": plan.rounds,
        "finished": plan.finished,
        "boundaries": [asdict(crossing) for crossing in crossings(study)],
    }


def echo_design(document: dict[str, Any]) -> None:
    """Print it as a table, one line for each (n, d)."""
    state = "finished" if document["finished"] else "not finished"
    echo(f"design {visible(document['design'])}: {document['rounds']} rounds, {state}")
    echo("     n    d        k  95 % interval      std. error of log k  trials     updates")
    for each in document["boundaries"]:
        k, low, high, error = (each[name] for name in ("k", "k_low", "k_high", "standard_error"))
        interval = f"{_width(low)} to {_width(high)}"
        shown = "-" if error is None else f"{error:.3f}"
        echo(
            f"{each['n']:>6} {each['d']:>4} {_width(k):>8}  {interval:<17}  {shown:>19}  "
            f"{each['trials']:>6} {each['updates']:>11,}"
        )


def _width(value: float | None) -> str:
    return "?" if value is None else f"{value:.4g}"
