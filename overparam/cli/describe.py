"""``overparam describe``: the components, with their parameters and packages."""

from __future__ import annotations

import shutil
from itertools import groupby
from textwrap import wrap

import click

from overparam import plugins
from overparam.cli.completion import Described
from overparam.cli.options import echo_json, json_flag
from overparam.cli.output import echo
from overparam.cli.settings import Settings
from overparam.cli.visible import visible
from overparam.components import Description, Parameter
from overparam.plugins import how_to_install

__all__ = ["describe"]

_WIDEST = 110


@click.command()
@click.argument("what", metavar="[NAME|KIND]", type=Described(), required=False)
@json_flag
@click.pass_obj
def describe(settings: Settings, what: str | None, as_json: bool) -> None:
    """List components: a summary, the parameters with their defaults, and the package of each.

    NAME is a component, such as gd; KIND is a family, such as activations. Without either, all are listed.
    Components of first-party packages that are not installed are included.
    """
    found = plugins.describe(settings.registry, what)
    if as_json:
        echo_json([each.to_json() for each in found])
        return
    for kind, components in groupby(found, key=lambda each: each.kind):
        echo(click.style(kind, bold=True))
        for each in components:
            _print(each)
    for distribution in dict.fromkeys(each.distribution for each in found if not each.installed):
        echo(f"{distribution} is not installed: {how_to_install(distribution)}")


def _print(component: Description) -> None:
    origin = f"{component.distribution} {component.version or 'is not installed'}"
    echo(f"  {component.name}  ({visible(origin)})")
    _print_wrapped(component.summary, 6, 6)
    for parameter in component.parameters:
        _print_wrapped(f"{parameter.name:<16} {_value(parameter)}", 6, 23)


def _value(parameter: Parameter) -> str:
    default = "must be given" if parameter.default is None else f"default {parameter.default}"
    return f"{parameter.type}; {default}"


def _print_wrapped(text: str, first: int, rest: int) -> None:
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    lines = wrap(visible(text), width, initial_indent=" " * first, subsequent_indent=" " * rest)
    for line in lines:
        echo(line)
