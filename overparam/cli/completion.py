"""Shell completion of components, by click's protocol: names, parameters and their choices."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class, split_arg_string

from overparam.components.faults import OverparamError

if TYPE_CHECKING:  # the command line must start without NumPy, so that --help and --version are fast
    from overparam.components import Description

__all__ = ["Bash", "Component", "Described", "catalogue"]

_BREAKS = {":", "="}
"""Characters at which bash breaks words, besides white space (COMP_WORDBREAKS)."""


class Component(click.ParamType[str]):
    """A component on the command line: ``name`` or ``name:key=value,key=value``.

    Parameters
    ----------
    kind : str
        Kind of the components that are completed.
    *words : str
        Other words that are accepted.
    """

    name = "component"

    def __init__(self, kind: str, *words: str) -> None:
        self.kind, self.words = kind, words

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """Return the names, or the parameters of the named component, or a parameter's choices."""
        known = [each for each in catalogue(ctx, engines=self.kind == "engine") if each.kind == self.kind]
        items = [CompletionItem(word) for word in self.words]
        items += [CompletionItem(each.name, help=each.summary) for each in known]
        items += [item for each in known for item in _parameters(each, incomplete)]
        return [item for item in items if item.value.startswith(incomplete) or item.type == "file"]


class Described(click.ParamType[str]):
    """Argument of ``overparam describe``: a kind or a name."""

    name = "described"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem[str]]:
        """Return the kinds and the names."""
        from overparam.plugins import KINDS, default_registry, describe  # imported here: both import NumPy

        names = dict.fromkeys(each.name for each in describe(default_registry()))
        words = [word for word in (*KINDS, *names) if " " not in word]
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def catalogue(ctx: click.Context, *, engines: bool = False) -> tuple[Description, ...]:
    """Return the installed components, except those of plugins that this call disables.

    First-party packages that provide only engines are loaded only if engines are needed: compilers are slow
    to import.
    """
    given = ctx.find_root().params
    disabled, files = (tuple(given.get(name) or ()) for name in ("disable_plugin", "plugin"))
    return _catalogue(bool(given.get("no_plugins")), disabled, files, engines)


@cache
def _catalogue(
    only_builtin: bool, disabled: tuple[str, ...], files: tuple[Path, ...], engines: bool
) -> tuple[Description, ...]:
    from overparam.plugins import Registry, describe, first_party  # imported here: it imports NumPy

    skipped = set(disabled)
    if not engines:
        brought = {each.distribution for each in first_party() if each.kind != "engine"}
        slow = {each.distribution for each in first_party()} - brought
        skipped |= slow & {str(entry.dist and entry.dist.name) for entry in entry_points(group="overparam")}
    try:
        registry = Registry(disabled=skipped, only_builtin=only_builtin, files=files)
    except (ValueError, RuntimeError, OSError, OverparamError):  # the command itself reports the error
        return ()
    return tuple(each for each in describe(registry) if each.installed)


def _parameters(component: Description, incomplete: str) -> list[CompletionItem[str]]:
    """Return the possible continuations if this is the named component."""
    name, _, given = incomplete.partition(":")
    if name != component.name:
        return []
    *before, last = given.split(",")
    head = "".join([f"{name}:", *(f"{pair}," for pair in before)])
    used = {pair.partition("=")[0] for pair in before}
    items = []
    for parameter in component.parameters:
        key = f"{head}{parameter.name}="
        if parameter.name in used:
            continue
        if not last.startswith(f"{parameter.name}="):
            items.append(CompletionItem(key, help=parameter.type))
        elif parameter.type == "a path":
            items.append(CompletionItem(incomplete, type="file"))
        else:
            items += [CompletionItem(f"{key}{choice}") for choice in parameter.choices]
    return items


@add_completion_class
class Bash(BashComplete):
    """Completion for bash, which breaks words at ``:`` and ``=`` and replaces only the last piece."""

    source_template = BashComplete.source_template.replace(
        "COMPREPLY+=($value)", 'COMPREPLY+=("$value"); [[ $value == *= ]] && compopt -o nospace'
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the incomplete one, and that word, as typed: bash has broken them."""
        cursor = int(os.environ["COMP_CWORD"])
        words = split_arg_string(os.environ["COMP_WORDS"])[: cursor + 1]
        joined, broken = [""], False
        for word in words:
            breaks = set(word) <= _BREAKS
            if breaks or broken:  # no space before it
                joined[-1] += word
            else:
                joined.append(word)
            broken = breaks
        if cursor == len(words):
            words.append("")
            joined.append("")
        self._replaced = "" if set(words[-1]) <= _BREAKS else words[-1]
        return joined[2:-1], joined[-1]

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[Any]]:
        """Return the replacement of bash's last piece."""
        kept = incomplete.removesuffix(self._replaced)
        if kept.startswith("-"):  # --option=value
            kept = kept.partition("=")[2]
        items = super().get_completions(args, incomplete)
        return [CompletionItem(i.value.removeprefix(kept), type=i.type, help=i.help) for i in items]
