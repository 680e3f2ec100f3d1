"""overparam: moderate overparameterization (Oymak & Soltanolkotabi, arXiv:1902.04674), runnable.

Public names are imported when they are first used, so that ``import overparam`` is fast.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from overparam import figures, theory
    from overparam.api import describe, draw_problem, load_study, replay, sweep, train, write_report
    from overparam.model.problem import Problem
    from overparam.plugins import default_registry, load_plugin
    from overparam.runs import History, Outcome, Status

__all__ = [
    "History",
    "Outcome",
    "Problem",
    "Status",
    "default_registry",
    "describe",
    "draw_problem",
    "figures",
    "load_plugin",
    "load_study",
    "replay",
    "sweep",
    "theory",
    "train",
    "write_report",
]

_HOMES = {
    "History": "overparam.runs",
    "Outcome": "overparam.runs",
    "Problem": "overparam.model.problem",
    "Status": "overparam.runs",
    "default_registry": "overparam.plugins",
    "describe": "overparam.api",
    "draw_problem": "overparam.api",
    "load_plugin": "overparam.plugins",
    "load_study": "overparam.api",
    "replay": "overparam.api",
    "sweep": "overparam.api",
    "train": "overparam.api",
    "write_report": "overparam.api",
}


def __getattr__(name: str) -> Any:
    if name in ("figures", "theory"):
        return import_module(f"overparam.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'overparam' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
