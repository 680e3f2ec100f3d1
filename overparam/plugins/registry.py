"""Finding and looking up what plugins hand over."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from overparam.components import Component, ComponentError, build, parse_specification, unknown_name
from overparam.components.faults import OverparamError, calling
from overparam.plugins.loading import HOOKS, OWN, Plugin, canonical, distribution_of, load
from overparam.runs import Engine

__all__ = ["PluginError", "PluginWarning", "Registry", "default_registry"]

_GROUP = "overparam"

C = TypeVar("C", bound=Component)


class PluginError(OverparamError, RuntimeError):
    """A plugin failed, and OVERPARAM_STRICT_PLUGINS=1 asks for failures to be errors."""


class PluginWarning(UserWarning):
    """A plugin was set aside, or part of what it hands over was."""


class Registry:
    """The components that users can name.

    Parameters
    ----------
    disabled : collection of str
        Names of entry points or distributions that are not loaded.
    only_builtin : bool
        Load no plugin but the built-in one.

    Raises
    ------
    PluginError
        Where a plugin fails and the environment has OVERPARAM_STRICT_PLUGINS=1.
    """

    def __init__(self, *, disabled: Collection[str] = (), only_builtin: bool = False) -> None:
        found = sorted(entry_points(group=_GROUP), key=lambda e: (distribution_of(e) != OWN, e.name, e.value))
        names = {e: {e.name, distribution_of(e), canonical(distribution_of(e))} for e in found}
        known = set().union(*names.values())
        if stray := set(disabled) - known:
            raise ComponentError(
                f"no plugin is called {sorted(stray)[0]!r}; installed: {', '.join(sorted(known))}"
            )
        self.plugins: tuple[Plugin, ...] = tuple(
            load(
                entry,
                disabled=bool(names[entry] & set(disabled))
                or (only_builtin and distribution_of(entry) != OWN),
            )
            for entry in _unique(found)
        )
        if os.environ.get("OVERPARAM_STRICT_PLUGINS") == "1" and self.problems:
            raise PluginError("; ".join(self.problems))

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for every plugin that was set aside, wholly or in part, or is slow."""
        reports = [plugin.report() for plugin in self.plugins]
        return tuple(report for report in reports if report is not None)

    @property
    def clashes(self) -> tuple[str, ...]:
        """One line for every name that is offered twice: by whom, and how to write either."""
        return tuple(
            _clash(family, name, offers)
            for family in HOOKS
            for name, offers in self.choices(family).items()
            if len(offers) > 1
        )

    def choices(self, family: type[C]) -> dict[str, list[tuple[Plugin, type[C]]]]:
        """Who offers what: for every name of a family, the plugins and their classes, built-in first."""
        offers: dict[str, list[tuple[Plugin, type[C]]]] = {}
        for plugin in self.plugins:
            for cls in plugin.components:
                if issubclass(cls, family):
                    offers.setdefault(cls.name, []).append((plugin, cls))
        return offers

    def find(self, family: type[C], name: str) -> type[C]:
        """Return the component class that `name`, or `distribution/name`, stands for.

        A built-in component keeps its name whatever plugins offer; theirs is had as
        ``distribution/name``, or as ``plugin/name`` where a distribution has several plugins.

        Raises
        ------
        ComponentError
            For a name that nobody offers, or that two plugins do.
        """
        offers = self.choices(family)
        owner, _, bare = name.rpartition("/")
        candidates = [
            (plugin, cls) for plugin, cls in offers.get(bare, []) if not owner or plugin.is_called(owner)
        ]
        if not candidates:
            raise unknown_name(family.kind, name, offers)
        if len(candidates) > 1 and candidates[0][0].distribution != OWN:
            raise ComponentError(_clash(family, bare, candidates))
        return candidates[0][1]

    def resolve(self, family: type[C], given: str | C) -> C:
        """Return the component that `given` spells; a component is returned as it is.

        Raises
        ------
        ComponentError
            Where the text does not spell a component of this family.
        """
        if isinstance(given, family):
            return given
        if not isinstance(given, str):
            raise ComponentError(f"{given!r} is not of the family {family.kind}: give one, or its name")
        name, parameters = parse_specification(given)
        found = self.find(family, name)
        with calling(found, may_refuse=True):
            return build(found, parameters)

    def all_of(self, family: type[C]) -> list[C]:
        """One component of every class of a family, for families whose components take no parameters."""
        return [cls() for offers in self.choices(family).values() for _, cls in offers]

    def origins(self, family: type[C]) -> dict[type[C], str]:
        """Which distribution hands over each class of a family."""
        return {
            cls: plugin.distribution for offers in self.choices(family).values() for plugin, cls in offers
        }

    def engines(self) -> list[Engine]:
        """All engines, those of plugins first: the portable one is the last resort."""
        offers = [offer for offers in self.choices(Engine).values() for offer in offers]
        return [cls() for _, cls in sorted(offers, key=lambda offer: offer[0].distribution == OWN)]


@cache
def default_registry() -> Registry:
    """Return the registry of all installed components; plugins that were set aside are warned about once."""
    registry = Registry()
    for problem in registry.problems:
        warnings.warn(problem, PluginWarning, stacklevel=3)
    return registry


def _clash(family: type[Component], name: str, offers: list[tuple[Plugin, type[C]]]) -> str:
    """Say who offers a name and how each is written."""
    distributions = [plugin.distribution for plugin, _ in offers]
    spellings = [
        name
        if plugin.distribution == OWN
        else f"{plugin.name if distributions.count(plugin.distribution) > 1 else plugin.distribution}/{name}"
        for plugin, _ in offers
    ]
    who = " and ".join(f"{plugin.distribution} ({cls.__name__})" for plugin, cls in offers)
    return f"{who} both offer the {family.kind} {name!r}: write {' or '.join(spellings)}"


def _unique(entries: Iterable[EntryPoint]) -> list[EntryPoint]:
    """Drop repetitions: an editable installation can show a distribution twice."""
    return list({(distribution_of(e), e.name, e.value): e for e in entries}.values())
