"""``overparam plugins list``: the installed plugins and their components."""

from __future__ import annotations

from typing import Any

import click

from overparam.cli.options import echo_json, json_flag
from overparam.cli.output import echo
from overparam.cli.settings import Settings
from overparam.plugins import Plugin

__all__ = ["list_plugins"]


@click.command("list")
@json_flag
@click.pass_obj
def list_plugins(settings: Settings, as_json: bool) -> None:
    """List plugins: distribution, version, state, load time and components."""
    registry = settings.registry
    loaded = registry.plugins
    if as_json:
        document = {"plugins": [_document(plugin) for plugin in loaded], "clashes": list(registry.clashes)}
        echo_json(document)
        return
    for plugin in loaded:
        origin = f"{plugin.distribution} {plugin.version}, {plugin.state}, {plugin.seconds * 1e3:.0f} ms"
        echo(f"{plugin.name}  ({origin})")
        for kind, names in _provided(plugin).items():
            echo(f"    {kind + ':':<16} {', '.join(names)}")
        for problem in plugin.problems:
            echo(f"    problem:         {problem}")
    for clash in registry.clashes:
        echo(f"name clash:          {clash}")


def _provided(plugin: Plugin) -> dict[str, list[str]]:
    provided: dict[str, list[str]] = {}
    for component in plugin.components:
        provided.setdefault(component.kind, []).append(component.name)
    return provided


def _document(plugin: Plugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "state": plugin.state,
        "seconds": plugin.seconds,
        "provides": _provided(plugin),
        "problems": list(plugin.problems),
    }
