"""Discovery of plugins and look-up of their components."""

from __future__ import annotations

import os
import warnings
from collections.abc import Collection, Iterable
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TypeVar

from overparam.components import (
    Component,
    ComponentError,
    Description,
    build,
    did_you_mean,
    parse_specification,
    unknown_name,
)
from overparam.components.faults import OverparamError, calling
from overparam.files import real_path
from overparam.plugins.first_party import first_party, how_to_install
from overparam.plugins.loading import HOOKS, OWN, Plugin, canonical, distribution_of, load, load_file
from overparam.runs import Engine

__all__ = ["PluginError", "PluginWarning", "Registry", "default_registry", "load_plugin"]

_GROUP = "overparam"

C = TypeVar("C", bound=Component)


class PluginError(OverparamError, RuntimeError):
    """Error for a plugin that failed while OVERPARAM_STRICT_PLUGINS=1 is set."""


class PluginWarning(UserWarning):
    """Warning that a plugin was set aside, wholly or in part."""


class Registry:
    """All components that users can name.

    Parameters
    ----------
    disabled : collection of str
        Names of entry points or distributions not to load.
    only_builtin : bool
        Load only the built-in plugin, no installed one.
    files : iterable of path
        Python files to load as plugins as well.

    Raises
    ------
    PluginError
        If a plugin fails while OVERPARAM_STRICT_PLUGINS=1 is set.
    PluginFailure
        If anything is wrong with a file.
    """

    def __init__(
        self,
        *,
        disabled: Collection[str] = (),
        only_builtin: bool = False,
        files: Iterable[str | Path] = (),
    ) -> None:
        found = sorted(
            _unique(entry_points(group=_GROUP)),
            key=lambda each: (each[0] != OWN, each[1].name, each[1].value),
        )
        names = [{entry.name, owner, canonical(owner)} for owner, entry in found]
        known = set().union(*names)
        if stray := sorted(set(disabled) - known):
            raise ComponentError(
                f"no plugin is called {stray[0]!r}; installed: {', '.join(sorted(known))}"
                + did_you_mean(stray[0], known)
            )
        self.plugins: tuple[Plugin, ...] = tuple(
            load(entry, disabled=bool(called & set(disabled)) or (only_builtin and owner != OWN))
            for (owner, entry), called in zip(found, names, strict=True)
        )
        if os.environ.get("OVERPARAM_STRICT_PLUGINS") == "1" and self.problems:
            raise PluginError("; ".join(self.problems))
        for file in files:
            self.load_file(file)

    def load_file(self, path: str | Path) -> Plugin:
        """Load a Python file as a plugin; it replaces one loaded earlier from the same path.

        Raises
        ------
        PluginFailure
            If anything is wrong with it.
        OSError, ValueError
            If it cannot be read.
        """
        path = real_path(Path(path))
        loaded = load_file(path)
        others = [one for one in self.plugins if one.source is None or one.source.path != str(path)]
        self.plugins = (*others, loaded)
        return loaded

    @property
    def problems(self) -> tuple[str, ...]:
        """One line for every plugin that is slow or was set aside, wholly or in part."""
        reports = [plugin.report() for plugin in self.plugins]
        return tuple(report for report in reports if report is not None)

    @property
    def clashes(self) -> tuple[str, ...]:
        """One line for every name that two plugins provide, with the plugins and a spelling for each."""
        return tuple(
            _clash(family, name, offers)
            for family in HOOKS
            for name, offers in self.choices(family).items()
            if len(offers) > 1
        )

    def choices(self, family: type[C]) -> dict[str, list[tuple[Plugin, type[C]]]]:
        """Return for every name of a family the plugins that provide it and their classes, built-in first."""
        offers: dict[str, list[tuple[Plugin, type[C]]]] = {}
        for plugin in self.plugins:
            for cls in plugin.components:
                if issubclass(cls, family):
                    offers.setdefault(cls.name, []).append((plugin, cls))
        return offers

    def find(self, family: type[C], name: str) -> type[C]:
        """Return the component class for `name` or `distribution/name`.

        A built-in component keeps its name even if plugins use it too. A plugin's component can be selected
        as ``distribution/name``, or as ``plugin/name`` if the distribution has several plugins.

        Raises
        ------
        ComponentError
            For an unknown name, or one that two plugins provide.
        """
        offers = self.choices(family)
        owner, _, bare = name.rpartition("/")
        candidates = [
            (plugin, cls) for plugin, cls in offers.get(bare, []) if not owner or plugin.is_called(owner)
        ]
        if not candidates:
            raise self.unknown(family, name)
        if len(candidates) > 1 and candidates[0][0].distribution != OWN:
            raise ComponentError(_clash(family, bare, candidates))
        return candidates[0][1]

    def unknown(self, family: type[C], name: str, *more: str) -> ComponentError:
        """Return the error for an unknown name; `more` lists other words that are valid.

        If a plugin that is not installed or is disabled provides the component, the message says so.
        """
        missing = [each for each in self.not_installed() if each.kind == family.kind]
        commands = {name: how_to_install(name) for name in {each.distribution for each in missing}}
        elsewhere = {
            each.name: f"in {each.distribution}, which is not installed: {commands[each.distribution]}"
            for each in missing
        }
        left_out = self._left_out()
        for each in first_party():
            if each.kind == family.kind and each.distribution in left_out:
                elsewhere[each.name] = f"in {each.distribution}, which this call disables"
        return unknown_name(family.kind, name, [*more, *self.choices(family)], elsewhere)

    def not_installed(self) -> list[Description]:
        """Return the components of first-party packages that are not installed."""
        installed = {canonical(plugin.distribution) for plugin in self.plugins}
        return [each for each in first_party() if each.distribution not in installed]

    def _left_out(self) -> set[str]:
        return {canonical(plugin.distribution) for plugin in self.plugins if plugin.disabled}

    def resolve(self, family: type[C], given: str | C) -> C:
        """Return the component that `given` spells; a component is returned unchanged.

        Raises
        ------
        ComponentError
            If the text does not spell a component of this family.
        """
        if isinstance(given, family):
            return given
        if not isinstance(given, str):
            raise ComponentError(f"{given!r} is not of the family {family.kind}: pass one, or its name")
        name, parameters = parse_specification(given)
        found = self.find(family, name)
        with calling(found, may_refuse=True):
            return build(found, parameters)

    def all_of(self, family: type[C]) -> list[C]:
        """Return one component per class of a family whose components take no parameters."""
        return [cls() for offers in self.choices(family).values() for _, cls in offers]

    def origins(self, family: type[C]) -> dict[type[C], str]:
        """Return the distribution of each class of a family."""
        return {
            cls: plugin.distribution for offers in self.choices(family).values() for plugin, cls in offers
        }

    def engines(self) -> list[Engine]:
        """Return all engines, plugins first and the portable engine last."""
        offers = [offer for offers in self.choices(Engine).values() for offer in offers]
        return [cls() for _, cls in sorted(offers, key=lambda offer: offer[0].distribution == OWN)]


@cache
def default_registry() -> Registry:
    """Return the registry of all installed components; warn once about plugins that were set aside."""
    registry = Registry()
    for problem in registry.problems:
        warnings.warn(problem, PluginWarning, stacklevel=3)
    return registry


def load_plugin(path: str | Path) -> Plugin:
    """Load a Python file with hooks as a plugin, for this process and the workers of its sweeps.

    Parameters
    ----------
    path : path
        A file loaded earlier from this path is replaced if it has changed.

    Returns
    -------
    Plugin
        Its components are in `components`.

    Raises
    ------
    PluginFailure
        If the file cannot be run, or provides something other than components.
    OSError, ValueError
        If it cannot be read.
    """
    return default_registry().load_file(path)


def _clash(family: type[Component], name: str, offers: list[tuple[Plugin, type[C]]]) -> str:
    """Return the error message for a name that several plugins provide, with the spelling of each."""
    distributions = [plugin.distribution for plugin, _ in offers]
    spellings = [
        name
        if plugin.distribution == OWN
        else f"{plugin.name if distributions.count(plugin.distribution) > 1 else plugin.distribution}/{name}"
        for plugin, _ in offers
    ]
    who = " and ".join(f"{plugin.distribution} ({cls.__name__})" for plugin, cls in offers)
    return f"{who} both offer the {family.kind} {name!r}: write {' or '.join(spellings)}"


def _unique(entries: Iterable[EntryPoint]) -> list[tuple[str, EntryPoint]]:
    """Entry points with their distributions, once: an editable installation can show a distribution twice."""
    found = {}
    for entry in entries:
        owner = distribution_of(entry)  # parses the distribution's metadata
        found[owner, entry.name, entry.value] = (owner, entry)
    return list(found.values())
