"""Descriptions of component classes: summary, parameters and distribution, without an instance."""

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
        Spelling on the command line; None for a required parameter.
    choices : tuple of str
        Accepted words; empty if the type has none.
    """

    name: str
    type: str
    default: str | None
    choices: tuple[str, ...]


class Description(NamedTuple):
    """A component that can be named now, or after its distribution is installed.

    Attributes
    ----------
    kind, name : str
        The family (such as "activation") and the name on the command line.
    distribution : str
        The distribution that provides it.
    version : str or None
        Version of the distribution; None if it is not installed.
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
    """First paragraph of the class's own docstring; the text that a dataclass generates does not count."""
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
