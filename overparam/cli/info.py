"""``overparam info``: the capabilities of this installation."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click

from overparam.arrays.backends import Backend, why_unavailable
from overparam.cli.options import echo_json, json_flag
from overparam.cli.output import echo
from overparam.cli.settings import Settings
from overparam.model.problem import draw_problem
from overparam.plugins import Registry, how_to_install
from overparam.runs import Engine, Job, Recipe

__all__ = ["info"]

_PACKAGES = (
    "overparam",
    "numpy",
    "array-api-compat",
    "pluggy",
    "click",
    "rich",
    "matplotlib",
    "torch",
    "cupy-cuda12x",
    "cupy-cuda13x",
    "numba",
)


@click.command()
@json_flag
@click.pass_obj
def info(settings: Settings, as_json: bool) -> None:
    """Show versions, backends, devices and engines, and why one is unavailable."""
    registry = settings.registry
    document = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "versions": {name: _version(name) for name in _PACKAGES},
        "backends": [_backend(cls()) for offers in registry.choices(Backend).values() for _, cls in offers],
        "engines": _engines(registry),
    }
    if as_json:
        echo_json(document)
    else:
        _print(document)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _backend(backend: Backend) -> dict[str, Any]:
    reason = why_unavailable(backend)
    return {
        "name": backend.name,
        "available": reason is None,
        "device": None if reason else backend.device_name(),
        "reason": reason,
    }


def _engines(registry: Registry) -> list[dict[str, Any]]:
    """Test whether each engine can run gradient descent with softplus on every available backend."""
    rows: list[dict[str, Any]] = []
    for engine in registry.engines():
        answers = {
            cls.name: _objection(engine, cls())
            for offers in registry.choices(Backend).values()
            for _, cls in offers
            if why_unavailable(cls()) is None
        }
        reasons = [f"{backend}: {answer}" for backend, answer in answers.items() if answer is not None]
        takes = [backend for backend, answer in answers.items() if answer is None]
        rows.append(
            {
                "name": engine.name,
                "available": bool(takes),
                "backends": takes,
                "reason": "; ".join(reasons) or None,
            }
        )
    for each in registry.not_installed():
        if each.kind == Engine.kind:
            reason = f"not installed: {how_to_install(each.distribution)}"
            rows.append({"name": each.name, "available": False, "backends": [], "reason": reason})
    return rows


def _objection(engine: Engine, backend: Backend) -> str | None:
    job = Job([draw_problem(8, 2, 2)], Recipe(dtype="float32"), backend)
    return engine.objection(job)


def _print(document: dict[str, Any]) -> None:
    echo(f"Python {document['python']} on {document['platform']}, {document['cpus']} CPUs")
    echo("\nversions")
    for name, number in document["versions"].items():
        echo(f"    {name:<18} {number or 'not installed'}")
    for kind in ("backends", "engines"):
        echo(f"\n{kind}")
        for row in document[kind]:
            where = row.get("device") or ", ".join(row.get("backends", []))
            echo(f"    {row['name']:<18} {where if row['available'] else row['reason']}")
