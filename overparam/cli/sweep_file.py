"""A sweep as a TOML file: the options of ``overparam sweep``, and grids that options cannot express."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from overparam.cli.anywhere import GlobalOption
from overparam.cli.options import RANGE
from overparam.cli.settings import Settings
from overparam.components import unknown_name
from overparam.files import open_input
from overparam.studies import Grid

__all__ = ["SweepFile", "read_sweep_file"]

_VERSION = 1
_LARGEST_FILE = 1 << 24  # bytes; a sweep file has only a few lines
_MOST_CELLS = 4_000_000  # of all grids together; overlapping cells count repeatedly
_AXES = ("n", "k", "d")
_GLOBAL = ("backend", "dtype", "engine")
_SEVERAL = ("activation", "loss", "initialization", "optimizer", "layers", "data", "labels", "seed")
"""Keys that may hold a list; every combination of their values is a separate study."""

_ONLY_TYPED = ("json", "dry_run")
_GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


@dataclass(frozen=True)
class SweepFile:
    """Content of a sweep file; empty if there is no file.

    Attributes
    ----------
    text : str or None
        The file's text.
    options : mapping
        Values by the names of the command's parameters and the global ones.
    parts : tuple of mapping
        Axes and `combine` of the grids, whose union is trained; empty if `options` has the only grid.
    """

    text: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[Mapping[str, Any], ...] = ()

    def settings(self, ctx: click.Context) -> Settings:
        """Return the global options: those of the command line, else those of the file."""
        settings: Settings = ctx.obj
        root = ctx.find_root()
        return replace(settings, **{key: self.options[key] for key in _GLOBAL if self._holds(root, key)})

    def grid(self, ctx: click.Context, given: Mapping[str, Any]) -> Grid:
        """Return the union of the file's grids, or the one grid of the options."""
        grids: list[Grid] = []
        cells = 0
        for part in self.parts or ({},):
            own = {key: value for key, value in part.items() if ctx.get_parameter_source(key) not in _GIVEN}
            axes = {**given, **own}
            combine = Grid.zip if axes["combine"] == "zip" else Grid.product
            grids.append(combine(axes["n"], axes["k"], axes["d"], trials=given["trials"]))
            cells += len(grids[-1].cells)
            if cells > _MOST_CELLS:
                raise ValueError(f"the grids of the file have more than {_MOST_CELLS:,} cells together")
        return Grid.union(grids)

    def studies(self, ctx: click.Context, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the options of each study: one study, or one for every combination of listed values.

        Raises
        ------
        ValueError
            If two of them would have the same file name.
        """
        several = [key for key in _SEVERAL if self._holds(ctx, key) and isinstance(self.options[key], list)]
        names = set()
        for values in product(*(self.options[key] for key in several)):
            study: Path = given["study"]
            name = "-".join([study.stem, *(re.sub(r"[^\w.=]+", "_", str(value)) for value in values)])
            if name in names:
                raise ValueError(f"two of the studies listed would be written to {name}{study.suffix}")
            names.add(name)
            own = dict(zip(several, values, strict=True))
            yield {**given, **own, "study": study.with_name(name + study.suffix)}

    def said(self, ctx: click.Context) -> set[str]:
        """Return the parameters that the command line, the environment or the file sets."""
        usual = (ParameterSource.DEFAULT, None)
        return {name for name in ctx.params if ctx.get_parameter_source(name) not in usual} | {*self.options}

    def _holds(self, ctx: click.Context, key: str) -> bool:
        return key in self.options and ctx.get_parameter_source(key) not in _GIVEN


def read_sweep_file(ctx: click.Context, argument: click.Parameter, path: Path | None) -> SweepFile:
    """Return the sweep file of an eager argument; its values become the defaults of the command's options.

    Raises
    ------
    click.BadParameter
        For text that is not TOML, unknown keys, and values of the wrong type.
    """
    if path is None:
        return SweepFile()
    try:
        text = _text(path)
        file = _parse(text, {**_options(ctx.find_root(), _GLOBAL), **_options(ctx)})
    except RecursionError:
        raise click.BadParameter(f"{path}: its tables are nested too deeply", ctx, argument) from None
    except ValueError as error:
        raise click.BadParameter(f"{path}: {error}", ctx, argument) from None
    several = [key for key in _SEVERAL if isinstance(file.options.get(key), list)]
    own = {key: value for key, value in file.options.items() if key not in (*_GLOBAL, *several)}
    ctx.default_map = {**(ctx.default_map or {}), **own}
    return file


def _text(path: Path) -> str:
    """Return the text of a regular file of limited size: a pipe or a device may never end."""
    with open_input(path) as handle:
        content = handle.read(_LARGEST_FILE + 1)
    if len(content) > _LARGEST_FILE:
        raise ValueError(f"it has more than {_LARGEST_FILE:,} bytes")
    return content.decode("utf-8")


def _options(ctx: click.Context, only: tuple[str, ...] = ()) -> dict[str, click.Option]:
    """Return the options of a command that a file may hold, by their keys."""
    named = {
        parameter.opts[0].lstrip("-").replace("-", "_"): parameter
        for parameter in ctx.command.params
        if isinstance(parameter, click.Option) and (only or not isinstance(parameter, GlobalOption))
    }
    return {key: named[key] for key in only or named if key not in _ONLY_TYPED}


def _parse(text: str, options: Mapping[str, click.Option]) -> SweepFile:
    document = tomllib.loads(text)
    version = document.pop("version", None)
    if isinstance(version, int) and version > _VERSION:
        raise ValueError(f"version {version} belongs to a newer overparam: upgrade overparam")
    if version != _VERSION or isinstance(version, bool):
        raise ValueError(f"a sweep file must contain version = {_VERSION}")
    grid = document.pop("grid", [])
    parts = grid if isinstance(grid, list) else [grid]
    if not all(isinstance(part, dict) for part in parts):
        raise ValueError("grid must be a table, [grid], or several, [[grid]]")
    of_a_part = {key: options[key] for key in (*_AXES, "combine")}
    return SweepFile(text, _values(document, options), tuple(_values(part, of_a_part) for part in parts))


def _values(table: Mapping[str, Any], options: Mapping[str, click.Option]) -> dict[str, Any]:
    """Return the table's values, converted as the options convert them, by parameter names."""
    values: dict[str, Any] = {}
    for written, value in table.items():
        key = written.replace("-", "_")
        if key not in options:
            raise unknown_name("key", written, options)
        option = options[key]
        if key in _SEVERAL and isinstance(value, list):
            if not value:
                raise ValueError(f"{written} is an empty list")
            value = [_converted(written, each, option) for each in value]
        else:
            value = _converted(written, value, option)
        if option.name in values:
            raise ValueError(f"{key} is given twice")
        values[str(option.name)] = value
    return values


def _converted(key: str, value: Any, option: click.Option) -> Any:
    """Convert as the command line would, but refuse a number for a text, and 2.5 for a whole number."""
    kind = "a text"
    allowed: tuple[type, ...] = (str,)
    if option.type is RANGE:
        kind, allowed = "a whole number, a range or a list of them", (int, str)
    elif isinstance(option.type, click.types.IntParamType):
        kind, allowed = "a whole number", (int,)
    elif isinstance(option.type, click.types.FloatParamType):
        kind, allowed = "a number", (int, float)
    items = value if option.type is RANGE and isinstance(value, list) else [value]
    if not items or not all(isinstance(item, allowed) and not isinstance(item, bool) for item in items):
        raise ValueError(f"{key} must be {kind}, got {value!r}")
    try:
        return option.type.convert(value, option, None)
    except click.BadParameter as error:
        raise ValueError(f"{key}: {error.message}") from None
