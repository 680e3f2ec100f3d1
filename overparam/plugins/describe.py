"""Descriptions of all components: those of a registry, and those of first-party packages not installed."""

from __future__ import annotations

from collections.abc import Iterable

from overparam.components import Component, ComponentError, Description, describe_class, did_you_mean
from overparam.plugins.loading import HOOKS, canonical
from overparam.plugins.registry import Registry

__all__ = ["KINDS", "describe"]


def _words(family: type[Component], hook: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys([hook.removeprefix("overparam_"), family.kind.replace(" ", "-"), family.kind]))


KINDS: dict[str, str] = {word: family.kind for family, hook in HOOKS.items() for word in _words(family, hook)}
"""Words for each family, such as "activations" and "activation", and its kind."""


def describe(registry: Registry, what: str | None = None) -> list[Description]:
    """Return the descriptions by kind, installed components first.

    Parameters
    ----------
    registry : Registry
    what : str, optional
        A kind, such as "activation" or "activations", or a name, such as "gd" or "distribution/name";
        default: everything.

    Raises
    ------
    ComponentError
        For a word that is neither of these.
    """
    everything = list(_everything(registry))
    if what is None:
        return everything
    kind = KINDS.get(what.lower())
    owner, _, name = what.rpartition("/")
    found = [
        each
        for each in everything
        if each.kind == kind
        or (each.name == name and (not owner or canonical(each.distribution) == canonical(owner)))
    ]
    if not found:
        hint = did_you_mean(what, [*KINDS, *dict.fromkeys(each.name for each in everything)])
        raise ComponentError(f"no component and no kind of component is called {what!r}{hint}")
    return found


def _everything(registry: Registry) -> Iterable[Description]:
    missing = registry.not_installed()
    for family in HOOKS:
        for offers in registry.choices(family).values():
            for plugin, cls in offers:
                yield describe_class(cls)._replace(distribution=plugin.distribution, version=plugin.version)
        yield from (each for each in missing if each.kind == family.kind)
