"""What can be said of a component without making one: its summary, its parameters, who brings it."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any, Literal, NamedTuple, get_args, get_origin

from overparam.components.component import Component, field_types, members, spelled, type_in_words

__all__ = ["Description", "Parameter", "describe_class"]


class Parameter(NamedTuple):
    """A parameter of a component.

    Attributes
    ----------
    name : str
    type : str
        In words: "a number", "a number or 'theorem'", ...
    default : str or None
        As the command line spells it; None where the parameter must be given.
    choices : tuple of str
        The words that it takes; empty where its type has none.
    """

    name: str
    type: str
    default: str | None
    choices: tuple[str, ...]


class Description(NamedTuple):
    """A component that can be named, or could be if its distribution were installed.

    Attributes
    ----------
    kind, name : str
        The family's word and the name on the command line.
    distribution : str
        The distribution that brings it.
    version : str or None
        Version of the distribution; None where it is not installed.
    installed : bool
    summary : str
        The first line of its documentation.
    parameters : tuple of Parameter
    """

    kind: str
    name: str
    distribution: str
    version: str | None
    installed: bool
    summary: str
    parameters: tuple[Parameter, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the description as a JSON document."""
        parameters = [{**each._asdict(), "choices": list(each.choices)} for each in self.parameters]
        return {**self._asdict(), "parameters": parameters}


def describe_class(cls: type[Component]) -> Description:
    """Return the description of a component class.

    Examples
    --------
    >>> from overparam.methods import GradientDescent
    >>> describe_class(GradientDescent).parameters[0].choices
    ('theorem', 'figure2', 'jacobian')
    """
    return Description(*cls.identity(), installed=True, summary=_summary(cls), parameters=_parameters(cls))


def _summary(cls: type[Component]) -> str:
    """The first paragraph of its own docstring; what a dataclass writes itself is none."""
    text = inspect.cleandoc(cls.__dict__.get("__doc__") or "").partition("\n\n")[0]
    return "" if text.startswith(f"{cls.__name__}(") else " ".join(text.split())


def _parameters(cls: type[Component]) -> tuple[Parameter, ...]:
    hints = field_types(cls)
    return tuple(
        Parameter(field.name, type_in_words(hints[field.name]), _default(field), _choices(hints[field.name]))
        for field in dataclasses.fields(cls)
        if field.init
    )


def _default(field: dataclasses.Field[Any]) -> str | None:
    if field.default is not dataclasses.MISSING:
        return spelled(field.default)
    if field.default_factory is not dataclasses.MISSING:
        return spelled(field.default_factory())
    return None


def _choices(hint: Any) -> tuple[str, ...]:
    found: list[str] = []
    for member in members(hint):
        if get_origin(member) is Literal:
            found += [str(choice) for choice in get_args(member)]
        elif member is bool:
            found += ["true", "false"]
        elif member is type(None):
            found.append("none")
    return tuple(found)
