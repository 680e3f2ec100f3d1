"""What a user can name on the command line: components, their parameters and their spelling.

A component is a frozen dataclass with a class variable `name`. It is written ``name`` or
``name:key=value,key=value``; a list is ``key=0;1;0.5``. The fields' annotations give the types.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from abc import ABC
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeVar, Union, get_args, get_origin

__all__ = [
    "Component",
    "ComponentError",
    "Identity",
    "Resolve",
    "build",
    "handed_over",
    "parse_specification",
    "require_positive",
    "unknown_name",
]


class ComponentError(ValueError):
    """Error for a component, or a parameter of one, that is unknown or has a bad value."""


class Identity(NamedTuple):
    """What identifies a component; the name alone is not enough, since a plugin may reuse it.

    Attributes
    ----------
    kind, name : str
        The family's word and the name on the command line.
    distribution : str
        The installed distribution that hands the class over; for a class of a script, its module.
    version : str or None
        Version of the distribution; None where there is no distribution.
    """

    kind: str
    name: str
    distribution: str
    version: str | None


@dataclass(frozen=True)
class Component(ABC):
    """Base of everything that has a name on the command line.

    Attributes
    ----------
    kind : str
        The word for the family: "activation", "optimizer", "data generator", ...
    name : str
        The name on the command line: lower case, digits and hyphens.
    """

    kind: ClassVar[str] = "component"
    name: ClassVar[str]
    _origin: ClassVar[tuple[str, str] | None] = None

    @classmethod
    def identity(cls) -> Identity:
        """Return kind, name, distribution and version; a subclass does not inherit the last two."""
        origin = cls.__dict__.get("_origin") or _installed_by(cls.__module__)
        return Identity(cls.kind, cls.name, *origin)

    def specification(self) -> str:
        """Spell the component as the command line does; parameters at their defaults are left out."""
        pairs = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.default is dataclasses.MISSING or value != field.default:
                pairs.append(f"{field.name}={_spell(value)}")
        return f"{self.name}:{','.join(pairs)}" if pairs else self.name


C = TypeVar("C", bound=Component)


class Resolve(Protocol):
    """Turns what spells a component into the component, and returns a component as it is."""

    def __call__(self, family: type[C], given: str | C) -> C:
        """Return it, of the family asked for; ComponentError where there is none."""
        ...


def handed_over(cls: type[Component], distribution: str, version: str) -> None:
    """Note that a distribution hands this class over; where several do, the first one counts."""
    if cls.__dict__.get("_origin") is None:
        cls._origin = (distribution, version)


@cache
def _installed_by(module: str) -> tuple[str, str | None]:
    """The distribution with an entry point in the package of `module`, or the module itself."""
    for entry in entry_points(group="overparam"):
        if entry.dist is not None and entry.module.partition(".")[0] == module.partition(".")[0]:
            return entry.dist.metadata["Name"], entry.dist.version
    return module, None


def parse_specification(text: str) -> tuple[str, dict[str, str]]:
    """Split ``name:key=value,key=value`` into its name and raw parameters.

    A comma inside a value is written ``\\,``.

    Raises
    ------
    ComponentError
        Where the text has not that form.
    """
    name, colon, rest = text.strip().partition(":")
    if not name or not all(c.isalnum() or c in "-_./" for c in name):
        raise ComponentError(f"{text!r} does not name a component: write name or name:key=value,key=value")
    parameters: dict[str, str] = {}
    if colon and not rest.strip():
        raise ComponentError(f"{text!r} ends in a colon: write {name} or {name}:key=value")
    if not colon:
        return name, parameters
    for item in rest.replace("\\,", "\0").split(","):
        key, equals, value = item.replace("\0", ",").partition("=")
        key, value = key.strip().replace("-", "_"), value.strip()
        if not equals or not key or not value:
            raise ComponentError(f"{item.strip()!r} in {text!r} is not of the form key=value")
        if key in parameters:
            raise ComponentError(f"{text!r} gives {key} twice")
        parameters[key] = value
    return name, parameters


def build(cls: type[C], parameters: Mapping[str, str]) -> C:
    """Make a component of class `cls` from raw parameters, converted by its fields' annotations.

    Raises
    ------
    ComponentError
        For an unknown, missing or unconvertible parameter; the message names the choices.
    """
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls) if field.init}
    for key in parameters:
        if key not in fields:
            known = ", ".join(fields) or "none"
            raise ComponentError(f"{cls.name} has no parameter {key!r}; it takes: {known}")
    for key, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and key not in parameters:
            raise ComponentError(
                f"{cls.name} needs {key}: write {cls.name}:{key}=… ({_describe(hints[key])})"
            )
    values = {key: _convert(cls.name, key, raw, hints[key]) for key, raw in parameters.items()}
    try:
        return cls(**values)
    except ComponentError:
        raise
    except (ValueError, TypeError, ArithmeticError) as error:
        raise ComponentError(f"{cls.name}: {error}") from error


def require_positive(name: str, value: object, *alternatives: str) -> None:
    """Raise ValueError, naming the alternatives, unless `value` is a positive finite number."""
    if isinstance(value, Real) and not isinstance(value, bool) and 0.0 < float(value) < math.inf:
        return
    choices = " or ".join(["a positive number", *map(repr, alternatives)])
    raise ValueError(f"{name} must be {choices}, got {value!r}")


def unknown_name(kind: str, name: str, choices: Iterable[str]) -> ComponentError:
    """Return the error for an unknown name; it lists the choices and the nearest one."""
    known = sorted(choices)
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return ComponentError(f"unknown {kind} {name!r}: choose from {', '.join(known) or 'none'}{hint}")


_TRUE, _FALSE = {"true", "yes", "1", "on"}, {"false", "no", "0", "off"}


def _members(hint: Any) -> tuple[Any, ...]:
    """The alternatives of a union annotation, or the annotation alone."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _convert(owner: str, key: str, raw: str, hint: Any) -> Any:
    for member in sorted(_members(hint), key=lambda member: str(get_origin(member)) != str(Literal)):
        try:
            return _convert_one(raw, member)
        except ValueError:
            continue
    raise ComponentError(f"{owner}: {key} must be {_describe(hint)}, got {raw!r}")


def _convert_one(raw: str, hint: Any) -> Any:
    origin = get_origin(hint)
    if origin is Literal:
        if raw in get_args(hint):
            return raw
    elif origin is tuple:
        return tuple(_convert_one(item.strip(), get_args(hint)[0]) for item in raw.split(";"))
    elif hint is bool:
        if raw.lower() in _TRUE | _FALSE:
            return raw.lower() in _TRUE
    elif hint is float:
        value = float(raw)
        if math.isfinite(value):
            return value
    elif hint is type(None):
        if raw.lower() == "none":
            return None
    elif hint in (int, str, Path):
        return hint(raw)
    raise ValueError(raw)


_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", Path: "a path"}


def _describe(hint: Any) -> str:
    if len(members := _members(hint)) > 1:
        return " or ".join(_describe(member) for member in members)
    if get_origin(hint) is Literal:
        return " or ".join(repr(choice) for choice in get_args(hint))
    if get_origin(hint) is tuple:
        return f"a list (value;value;…), each {_describe(get_args(hint)[0])}"
    return "none" if hint is type(None) else _WORDS.get(hint, str(hint))


def _spell(value: Any) -> str:
    """Spell a parameter; NumPy's scalars as Python's, whose digits give the same number again."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ";".join(_spell(item) for item in value)
    if isinstance(value, Integral):
        return repr(int(value))
    if isinstance(value, Real):
        number = float(value)
        return repr(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    return "none" if value is None else str(value).replace(",", "\\,")
