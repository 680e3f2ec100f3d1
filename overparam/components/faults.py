"""Whose fault an error is: the base of this package's own errors, and the boundary around plugins' code."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from overparam.components.source import source_of

if TYPE_CHECKING:
    from overparam.components.component import Component

__all__ = ["OverparamError", "PluginFailure", "calling", "described", "plugin_failure"]

_OWN = "overparam"


class OverparamError(Exception):
    """Base of the errors that choose what the command line ends with.

    Attributes
    ----------
    exit_code : int
        1 for work that could not be finished, 2 for bad input.
    """

    exit_code: ClassVar[int] = 1


class PluginFailure(OverparamError):
    """Error for a plugin's component that raised, or returned something else than it should."""

    @classmethod
    def of(cls, component: Component | type[Component], what: str) -> PluginFailure:
        """Name the component and, where it is known, the distribution that brought it."""
        kind, name, distribution, version = component.identity()
        origin = f"module {distribution}" if version is None else f"{distribution} {version}"
        return cls(f"the {kind} {name!r} ({origin}) {what}")


class calling:
    """Around a call of components' code: whatever it raises becomes a PluginFailure that names the culprit.

    An interruption passes. So does what this package itself raises, and a ValueError of a component that
    may refuse what it is asked for.

    Parameters
    ----------
    *components : component or class
        Those whose code may run. The one whose code is innermost where the error arose is named.
    may_refuse : bool
        Whether a ValueError is an answer, as where data cannot be had.

    Raises
    ------
    PluginFailure
    """

    __slots__ = ("_components", "_may_refuse")

    def __init__(self, *components: Component | type[Component], may_refuse: bool = False) -> None:
        self._components, self._may_refuse = components, may_refuse

    def __enter__(self) -> None:
        """Begin; asked for every trial, so this does nothing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Blame the culprit, where there is one."""
        if error is None or isinstance(error, KeyboardInterrupt | PluginFailure):
            return
        culprit = _culprit(error, self._components, may_refuse=self._may_refuse)
        if culprit is not None:
            raise PluginFailure.of(culprit, f"failed: {described(error)}") from error


def plugin_failure(error: BaseException) -> PluginFailure | None:
    """Name the installed plugin in whose code an error arose; None where it arose in no plugin's."""
    known = {_OWN, "click", *sys.stdlib_module_names}
    strange = [package for package in _packages(error.__traceback__) if package not in known]
    if not strange:  # most errors: nothing installed needs to be looked through
        return None
    plugins = {_package(entry.module) for entry in entry_points(group=_OWN)}
    culprit = next((one for one in strange if one in plugins or source_of(one) is not None), None)
    if culprit is None:
        return None
    return PluginFailure(f"the plugin {_distribution(culprit) or culprit} failed: {described(error)}")


def _culprit(error: BaseException, components: tuple[Any, ...], *, may_refuse: bool) -> Any:
    """The component to blame, or None where the error is to pass."""
    strangers: dict[str, Any] = {}
    for component in components:
        owner = component if isinstance(component, type) else type(component)
        if (package := _package(owner.__module__)) != _OWN:
            strangers.setdefault(package, component)
    known = [p for p in _packages(error.__traceback__) if p == _OWN or p in strangers]
    if isinstance(error, ValueError) and (may_refuse or known[0] == _OWN):
        return None
    culprit = next((strangers[package] for package in known if package != _OWN), None)
    if culprit is None and not isinstance(error, Exception):  # nothing here ends a program
        return next(iter((*strangers.values(), *components)))
    return culprit


def _packages(trace: TracebackType | None) -> list[str]:
    """The top-level packages of the frames that an error passed through, innermost first."""
    found = []
    while trace is not None:
        found.append(_package(str(trace.tb_frame.f_globals.get("__name__", ""))))
        trace = trace.tb_next
    return found[::-1]


def _package(module: str) -> str:
    return module.partition(".")[0]


def _distribution(package: str) -> str | None:
    """The distribution, with its version, whose plugin is in a package."""
    if (source := source_of(package)) is not None:
        return f"{source.distribution} {source.version}"
    for entry in entry_points(group=_OWN):
        if _package(entry.module) == package and entry.dist is not None:
            return f"{entry.dist.metadata['Name']} {entry.dist.metadata['Version']}"
    return None


def described(error: BaseException) -> str:
    """Return its type and what it says, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
