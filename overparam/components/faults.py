"""Base class of this package's errors, and a context manager that assigns errors to plugins."""

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
    """Base of the errors that choose the exit code of the command line.

    Attributes
    ----------
    exit_code : int
        1 for work that could not be finished, 2 for bad input.
    """

    exit_code: ClassVar[int] = 1


class PluginFailure(OverparamError):
    """Error for a plugin's component that raised an exception or returned a wrong value."""

    @classmethod
    def of(cls, component: Component | type[Component], what: str) -> PluginFailure:
        """Return the error; it names the component and, if known, its distribution."""
        kind, name, distribution, version = component.identity()
        origin = f"module {distribution}" if version is None else f"{distribution} {version}"
        return cls(f"the {kind} {name!r} ({origin}) {what}")


class calling:
    """Context manager around components' code; its errors become a PluginFailure that names the component.

    These pass unchanged: KeyboardInterrupt, errors that this package raises, and, with `may_refuse`, a
    ValueError of a component.

    Parameters
    ----------
    *components : component or class
        Components whose code may run. The error names the one whose code is innermost in the traceback.
    may_refuse : bool
        Whether a component may answer with a ValueError, for example if it cannot provide the data.

    Raises
    ------
    PluginFailure
    """

    __slots__ = ("_components", "_may_refuse")

    def __init__(self, *components: Component | type[Component], may_refuse: bool = False) -> None:
        self._components, self._may_refuse = components, may_refuse

    def __enter__(self) -> None:
        """Do nothing, at no cost: this runs once per trial."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raise a PluginFailure if a component caused the error."""
        if error is None or isinstance(error, KeyboardInterrupt | PluginFailure):
            return
        culprit = _culprit(error, self._components, may_refuse=self._may_refuse)
        if culprit is not None:
            raise PluginFailure.of(culprit, f"failed: {described(error)}") from error


def plugin_failure(error: BaseException) -> PluginFailure | None:
    """Return the failure of the installed plugin whose code raised an error; None if no plugin did."""
    known = {_OWN, "click", *sys.stdlib_module_names}
    strange = [package for package in _packages(error.__traceback__) if package not in known]
    if not strange:  # most errors; no search of the installed plugins
        return None
    plugins = {_package(entry.module) for entry in entry_points(group=_OWN)}
    culprit = next((one for one in strange if one in plugins or source_of(one) is not None), None)
    if culprit is None:
        return None
    return PluginFailure(f"the plugin {_distribution(culprit) or culprit} failed: {described(error)}")


def _culprit(error: BaseException, components: tuple[Any, ...], *, may_refuse: bool) -> Any:
    """Component that caused the error, or None if the error must pass unchanged."""
    strangers: dict[str, Any] = {}
    for component in components:
        owner = component if isinstance(component, type) else type(component)
        if (package := _package(owner.__module__)) != _OWN:
            strangers.setdefault(package, component)
    known = [p for p in _packages(error.__traceback__) if p == _OWN or p in strangers]
    if isinstance(error, ValueError) and (may_refuse or known[0] == _OWN):
        return None
    culprit = next((strangers[package] for package in known if package != _OWN), None)
    if culprit is None and not isinstance(error, Exception):  # a component may not end the program
        return next(iter((*strangers.values(), *components)))
    return culprit


def _packages(trace: TracebackType | None) -> list[str]:
    """Top-level packages of the frames that an error passed through, innermost first."""
    found = []
    while trace is not None:
        found.append(_package(str(trace.tb_frame.f_globals.get("__name__", ""))))
        trace = trace.tb_next
    return found[::-1]


def _package(module: str) -> str:
    return module.partition(".")[0]


def _distribution(package: str) -> str | None:
    """Distribution, with its version, of the plugin in a package."""
    if (source := source_of(package)) is not None:
        return f"{source.distribution} {source.version}"
    for entry in entry_points(group=_OWN):
        if _package(entry.module) == package and entry.dist is not None:
            return f"{entry.dist.metadata['Name']} {entry.dist.metadata['Version']}"
    return None


def described(error: BaseException) -> str:
    """Return the type and the message of an error on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
