"""Loading a plugin: its entry point, its hooks, and the components that it provides.

Every plugin has its own plugin manager. A plugin that fails to import, raises in a hook or returns something
other than components is set aside and named, and all other plugins work.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pluggy

from overparam.arrays.backends import Backend
from overparam.components import Component, field_types, handed_over
from overparam.components.faults import PluginFailure, described
from overparam.components.source import Source
from overparam.files import open_input
from overparam.methods import Optimizer
from overparam.model.activations import Activation
from overparam.model.data import DataGenerator, Labels
from overparam.model.initializations import Initialization
from overparam.model.losses import Loss
from overparam.plugins import hookspecs
from overparam.reproductions import Figure
from overparam.runs import Engine
from overparam.sweeps import Design, Executor
from overparam.theory import Claim, Theorem

__all__ = ["API_VERSION", "HOOKS", "OWN", "Plugin", "canonical", "distribution_of", "load", "load_file"]

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
    Design: "overparam_designs",
    Figure: "overparam_figures",
    Theorem: "overparam_theorems",
    Claim: "overparam_claims",
}
"""Hook of each family of components."""

OWN = "overparam"
_SLOW = 2.0  # seconds; a plugin that takes longer to import is reported as slow
# All components of these families are used, with default parameters.
_WITHOUT_PARAMETERS = (Backend, Engine, Theorem, Claim)
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Plugin:
    """One entry point and the result of loading it.

    Attributes
    ----------
    name, distribution, version : str
        The entry point's name; the distribution that installed it, and its version.
    components : tuple of component classes
    seconds : float
        Processor time to import it and call its hooks; waiting on a busy machine does not count.
    problems : tuple of str
        Descriptions of the parts that were set aside, with reasons; empty if there are none.
    disabled : bool
    source : Source or None
        The plugin's file, for a plugin that is not installed.
    """

    name: str
    distribution: str
    version: str
    components: tuple[type[Component], ...] = ()
    seconds: float = 0.0
    problems: tuple[str, ...] = ()
    disabled: bool = False
    source: Source | None = None

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
        """Whether it loads so slowly that every start of the command line is delayed."""
        return self.seconds > _SLOW and self.distribution != OWN and self.source is None

    def is_called(self, name: str) -> bool:
        """Whether `name` is the name of this plugin or of its distribution."""
        return name == self.name or canonical(name) == canonical(self.distribution)

    def report(self) -> str | None:
        """Return one line with the plugin's faults and the remedy, or None if it has no faults."""
        faults = list(self.problems)
        if self.slow:
            faults.append(f"takes {self.seconds:.1f} s to load: import heavy libraries where they are used")
        if not faults:
            return None
        fate = {"failed": " is set aside", "partial": " is set aside in part"}.get(self.state, "")
        return (
            f"plugin {self.name} ({self.distribution} {self.version}){fate}: {'; '.join(faults)}. "
            f"Upgrade or uninstall {self.distribution}, or leave it out with --disable-plugin {self.name}"
        )


def distribution_of(entry: EntryPoint) -> str:
    """Return the name of the distribution that installed an entry point."""
    return _installed_by(entry)[0]


def _installed_by(entry: EntryPoint) -> tuple[str, str]:
    """Return the name and the version of a distribution, from one parse of its metadata."""
    said = entry.dist.metadata if entry.dist else None
    return str((said and said["Name"]) or "unknown"), str((said and said["Version"]) or "unknown")


def canonical(distribution: str) -> str:
    """Distribution name in the normalized form that installers compare."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def load(entry: EntryPoint, *, disabled: bool) -> Plugin:
    """Import a plugin, call its hooks, and set aside what is wrong; a disabled plugin is not imported."""
    plugin = Plugin(entry.name, *_installed_by(entry), disabled=disabled)
    return plugin if disabled else _filled(plugin, entry.load)


def load_file(path: Path) -> Plugin:
    """Load one Python file as a plugin.

    Raises
    ------
    PluginFailure
        If anything is wrong with it. Nothing is set aside, because the file was requested by name.
    OSError, ValueError
        If it cannot be read.
    """
    with open_input(path) as handle:
        source = Source(str(path), handle.read())
    named = Plugin(source.stem, source.distribution, source.version, source=source)
    plugin = _filled(named, source.load)
    if plugin.problems:
        raise PluginFailure(f"the plugin {path} failed: {'; '.join(plugin.problems)}")
    for component in plugin.components:
        source.carried_by(component)
    return plugin


def _filled(plugin: Plugin, import_module: Callable[[], Any]) -> Plugin:
    """Import a plugin's module, call its hooks and collect their components."""
    started = time.thread_time()
    components: list[type[Component]] = []
    problems: list[str] = []
    # A plugin's own output must not mix with the output of a command.
    with redirect_stdout(sys.stderr):
        try:
            module = import_module()
            manager = _manager(module)
        except BaseException as error:  # an import may raise anything, even SystemExit
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
                problems.append(f"provides nothing: define one of {', '.join(HOOKS.values())}")
    for component in components:
        handed_over(component, plugin.distribution, plugin.version)
    return dataclasses.replace(
        plugin,
        components=tuple(components),
        seconds=time.thread_time() - started,
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
    """Hooks that are marked but unknown, or known but not marked."""
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
    """Call one hook; return its component classes and a list of what is wrong with the rest."""
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
    """Reason why `item` cannot be a component of this family, or None if it can."""
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
        field_types(item)
        if issubclass(item, _WITHOUT_PARAMETERS):
            item()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return _blame(f"{item.__name__} cannot be made from its parameters", error)
    return None


def _blame(what: str, error: BaseException) -> str:
    return f"{what}: {described(error)}"
