"""Finding, isolating and looking up plugins.

Every plugin has a plugin manager of its own, so that one that fails to import, raises in a hook or
hands over something else than components is set aside with its name and the rest works.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import os
import re
import sys
import time
import typing
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

import pluggy

from overparam import hookspecs
from overparam.activations import Activation
from overparam.backends import Backend
from overparam.components import (
    Component,
    ComponentError,
    build,
    handed_over,
    parse_specification,
    unknown_name,
)
from overparam.data import DataGenerator, Labels
from overparam.faults import OverparamError, calling
from overparam.initializations import Initialization
from overparam.losses import Loss
from overparam.optimizers import Optimizer
from overparam.sweeps import Executor
from overparam.theory import Theorem
from overparam.training import Engine

__all__ = ["API_VERSION", "HOOKS", "Plugin", "PluginError", "PluginWarning", "Registry", "default_registry"]

API_VERSION = 2
"""A plugin that needs a newer interface than this sets ``OVERPARAM_API`` in its module to that number."""

HOOKS: Mapping[type[Component], str] = {
    Activation: "overparam_activations",
    Loss: "overparam_losses",
    Initialization: "overparam_initializations",
    Optimizer: "overparam_optimizers",
    DataGenerator: "overparam_data",
    Labels: "overparam_labels",
    Backend: "overparam_backends",
    Engine: "overparam_engines",
    Executor: "overparam_executors",
    Theorem: "overparam_theorems",
}
"""The hook that hands over each family of components."""

_GROUP = "overparam"
_OWN = "overparam"
_SLOW = 2.0  # seconds of import after which a plugin is worth a remark
_WITHOUT_PARAMETERS = (Backend, Engine, Theorem)  # asked one and all, with their parameters at the defaults
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

C = TypeVar("C", bound=Component)


class PluginError(OverparamError, RuntimeError):
    """A plugin failed, and OVERPARAM_STRICT_PLUGINS=1 asks for failures to be errors."""


class PluginWarning(UserWarning):
    """A plugin was set aside, or part of what it hands over was."""


@dataclass(frozen=True)
class Plugin:
    """One entry point and what came of it.

    Attributes
    ----------
    name, distribution, version : str
        The entry point's name; the distribution that installed it, and its version.
    components : tuple of component classes
    seconds : float
        Time to import it and call its hooks.
    problems : tuple of str
        What was set aside, with the reason; empty where all is well.
    disabled : bool
    """

    name: str
    distribution: str
    version: str
    components: tuple[type[Component], ...] = ()
    seconds: float = 0.0
    problems: tuple[str, ...] = ()
    disabled: bool = False

    @property
    def state(self) -> str:
        """Return "disabled", "failed" (nothing usable), "partial", "slow" or "loaded"."""
        if self.disabled:
            return "disabled"
        if self.problems:
            return "partial" if self.components else "failed"
        return "slow" if self.slow else "loaded"

    @property
    def slow(self) -> bool:
        """Whether it takes so long to load that every start of the command line suffers."""
        return self.seconds > _SLOW and self.distribution != _OWN

    def is_called(self, name: str) -> bool:
        """Whether `name` is this plugin's, or its distribution's."""
        return name == self.name or _canonical(name) == _canonical(self.distribution)

    def report(self) -> str | None:
        """One line: what is wrong with the plugin and what to do; None where nothing is."""
        faults = list(self.problems)
        if self.slow:
            faults.append(f"takes {self.seconds:.1f} s to load: heavy libraries belong where they are used")
        if not faults:
            return None
        fate = {"failed": " is set aside", "partial": " is set aside in part"}.get(self.state, "")
        return (
            f"plugin {self.name} ({self.distribution} {self.version}){fate}: {'; '.join(faults)}. "
            f"Upgrade or uninstall {self.distribution}, or leave it out with --disable-plugin {self.name}"
        )


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
        found = sorted(entry_points(group=_GROUP), key=lambda e: (_distribution(e) != _OWN, e.name, e.value))
        names = {e: {e.name, _distribution(e), _canonical(_distribution(e))} for e in found}
        known = set().union(*names.values())
        if stray := set(disabled) - known:
            raise ComponentError(
                f"no plugin is called {sorted(stray)[0]!r}; installed: {', '.join(sorted(known))}"
            )
        self.plugins: tuple[Plugin, ...] = tuple(
            _load(
                entry,
                disabled=bool(names[entry] & set(disabled))
                or (only_builtin and _distribution(entry) != _OWN),
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
        if len(candidates) > 1 and candidates[0][0].distribution != _OWN:
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
        return [cls() for _, cls in sorted(offers, key=lambda offer: offer[0].distribution == _OWN)]


@cache
def default_registry() -> Registry:
    """Return the registry of everything installed; what is set aside is warned of once."""
    registry = Registry()
    for problem in registry.problems:
        warnings.warn(problem, PluginWarning, stacklevel=3)
    return registry


def _distribution(entry: EntryPoint) -> str:
    return str((entry.dist and entry.dist.metadata["Name"]) or "unknown")


def _version(entry: EntryPoint) -> str:
    return str((entry.dist and entry.dist.metadata["Version"]) or "unknown")


def _canonical(distribution: str) -> str:
    """A distribution's name as installers compare it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _clash(family: type[Component], name: str, offers: list[tuple[Plugin, type[C]]]) -> str:
    """Say who offers a name and how each is written."""
    distributions = [plugin.distribution for plugin, _ in offers]
    spellings = [
        name
        if plugin.distribution == _OWN
        else f"{plugin.name if distributions.count(plugin.distribution) > 1 else plugin.distribution}/{name}"
        for plugin, _ in offers
    ]
    who = " and ".join(f"{plugin.distribution} ({cls.__name__})" for plugin, cls in offers)
    return f"{who} both offer the {family.kind} {name!r}: write {' or '.join(spellings)}"


def _unique(entries: Iterable[EntryPoint]) -> list[EntryPoint]:
    """Drop repetitions: an editable installation can show a distribution twice."""
    return list({(_distribution(e), e.name, e.value): e for e in entries}.values())


def _load(entry: EntryPoint, *, disabled: bool) -> Plugin:
    plugin = Plugin(entry.name, _distribution(entry), _version(entry), disabled=disabled)
    if disabled:
        return plugin
    started = time.perf_counter()
    components: list[type[Component]] = []
    problems: list[str] = []
    # What a plugin prints must not get between a command's output and its reader.
    with redirect_stdout(sys.stderr):
        try:
            module = entry.load()
            manager = _manager(module)
        except BaseException as error:  # whatever an import may raise, SystemExit included
            if isinstance(error, KeyboardInterrupt):
                raise
            problems.append(_blame("cannot be loaded", error))
        else:
            problems += _stray_hooks(manager, module)
            for family, hook in HOOKS.items():
                taken, refused = _collect(manager, family, hook)
                components += taken
                problems += refused
            if not components and not problems:
                problems.append(f"hands over nothing: define one of {', '.join(HOOKS.values())}")
    for component in components:
        handed_over(component, plugin.distribution, plugin.version)
    return dataclasses.replace(
        plugin,
        components=tuple(components),
        seconds=time.perf_counter() - started,
        problems=tuple(problems),
    )


def _manager(module: Any) -> pluggy.PluginManager:
    needed = getattr(module, "OVERPARAM_API", API_VERSION)
    if not isinstance(needed, int) or needed > API_VERSION:
        raise ImportError(
            f"it needs plugin interface {needed}, this overparam offers {API_VERSION}: upgrade overparam"
        )
    manager = pluggy.PluginManager("overparam")
    manager.add_hookspecs(hookspecs)
    manager.register(module)
    return manager


def _stray_hooks(manager: pluggy.PluginManager, module: Any) -> Iterator[str]:
    """Hooks that are marked and unknown, or known and not marked."""
    for name in dir(module):
        marked = manager.parse_hookimpl_opts(module, name) is not None
        if marked and name not in HOOKS.values():
            near = difflib.get_close_matches(name, HOOKS.values(), n=1)
            yield f"no hook is called {name}" + (f": did you mean {near[0]}?" if near else "")
        if not marked and name in HOOKS.values():
            yield f"{name} is not marked as a hook: write @hookimpl above it"


def _collect(
    manager: pluggy.PluginManager, family: type[Component], hook: str
) -> tuple[list[type[Component]], list[str]]:
    """Call one hook; return the component classes it hands over and what is wrong with the rest."""
    try:
        answers = getattr(manager.hook, hook)()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return [], [_blame(f"raised in {hook}", error)]
    taken: dict[str, type[Component]] = {}
    problems: list[str] = []
    for answer in answers:
        if not isinstance(answer, list | tuple):
            problems.append(f"{hook} must return a list of classes, it returned a {type(answer).__name__}")
            continue
        for item in answer:
            if (objection := _objection(item, family)) is not None:
                problems.append(f"{hook}: {objection}")
            elif (first := taken.setdefault(item.name, item)) is not item:
                problems.append(
                    f"{hook}: {first.__name__} and {item.__name__} are both called {item.name!r}; "
                    f"{item.__name__} is left out"
                )
    return list(taken.values()), problems


def _objection(item: object, family: type[Component]) -> str | None:
    """Why `item` cannot be a component of this family, or None where it can."""
    if not isinstance(item, type):
        return f"{item!r} is not a class"
    if not issubclass(item, family):
        return f"{item.__name__} is not a subclass of {family.__name__}"
    name = getattr(item, "name", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return f"{item.__name__}.name must be lower-case letters, digits and hyphens, it is {name!r}"
    if inspect.isabstract(item):
        missing = ", ".join(sorted(getattr(item, "__abstractmethods__", ())))
        return f"{item.__name__} does not define {missing}"
    if not item.__dict__.get("__dataclass_params__") or not item.__dict__["__dataclass_params__"].frozen:
        return f"{item.__name__} is not a frozen dataclass: write @dataclass(frozen=True) above it"
    try:
        typing.get_type_hints(item)
        if issubclass(item, _WITHOUT_PARAMETERS):
            item()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return _blame(f"{item.__name__} cannot be made from its parameters", error)
    return None


def _blame(what: str, error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{what}: {type(error).__name__}: {text}" if text else f"{what}: {type(error).__name__}"
