"""Progress of a study's design, for ``sweep`` and ``status``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from overparam.cli.output import echo
from overparam.cli.visible import visible
from overparam.figures import boundary_table
from overparam.studies import Study

__all__ = ["design_document", "echo_design"]


def design_document(study: Study) -> dict[str, Any] | None:
    """Return the design, its rounds and the boundary at each (n, d); None if the only design is the grid."""
    if (plan := study.plan) is None:
        return None
    return {
        "design": plan.design,
        "distribution": plan.distribution,
        "rounds": plan.rounds,
        "finished": plan.finished,
        "boundaries": [asdict(crossing) for crossing in study.boundary().crossings],
    }


def echo_design(study: Study) -> None:
    """Print the same as a table, one line for each (n, d); nothing if the only design is the grid."""
    if (plan := study.plan) is None:
        return
    state = "finished" if plan.finished else "not finished"
    echo(f"design {visible(plan.design)}: {plan.rounds} rounds, {state}")
    for line in boundary_table(study.boundary()):
        echo(line)
