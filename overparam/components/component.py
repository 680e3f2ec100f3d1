"""Components that a user can name on the command line: their parameters and their spelling.

A component is a frozen dataclass with a class variable `name`. It is written ``name`` or
``name:key=value,key=value``; a list is ``key=0;1;0.5``. The fields' annotations give the types.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
from abc import ABC
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from numbers import Integral, Real
from pathlib import Path
from typing import (
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    Protocol,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from overparam.components.source import DIGEST, source_of

__all__ = [
    "Component",
    "ComponentError",
    "Identity",
    "Resolve",
    "build",
    "did_you_mean",
    "field_types",
    "handed_over",
    "members",
    "parse_specification",
    "require_positive",
    "spelled",
    "type_in_words",
    "unknown_name",
]


class ComponentError(ValueError):
    """Error for an unknown component or parameter, or for a bad value."""


class Identity(NamedTuple):
    """Identity of a component. The name alone is not enough, since a plugin may reuse it.

    Attributes
    ----------
    kind, name : str
        The family (such as "activation") and the name on the command line.
    distribution : str
        Installed distribution that provides the class; for a class of a script, its module.
    version : str or None
        Version of the distribution; None if there is no distribution.
    """

    kind: str
    name: str
    distribution: str
    version: str | None

    @property
    def owner(self) -> str:
        """Owner as a study records it: the distribution; for a plugin file, with its digest as version."""
        is_file = self.version is not None and self.version.startswith(DIGEST)
        return f"{self.distribution}@{self.version}" if is_file else self.distribution


@dataclass(frozen=True)
class Component(ABC):
    """Base of everything that has a name on the command line.

    Attributes
    ----------
    kind : str
        Name of the family: "activation", "optimizer", "data generator", ...
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
        """Return the component's command-line spelling, without parameters at their defaults."""
        pairs = []
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.default is dataclasses.MISSING or value != field.default:
                pairs.append(f"{field.name}={spelled(value)}")
        return f"{self.name}:{','.join(pairs)}" if pairs else self.name


C = TypeVar("C", bound=Component)


class Resolve(Protocol):
    """Function that turns a specification into a component and returns a component unchanged."""

    def __call__(self, family: type[C], given: str | C) -> C:
        """Return the component of the requested family; raise ComponentError if there is none."""
        ...


def handed_over(cls: type[Component], distribution: str, version: str) -> None:
    """Record which distribution provides this class; if several do, the first one counts."""
    if cls.__dict__.get("_origin") is None:
        cls._origin = (distribution, version)


@cache
def _installed_by(module: str) -> tuple[str, str | None]:
    """Distribution with an entry point in the package of `module`; else its file, or the module itself."""
    if (source := source_of(module)) is not None:
        return source.distribution, source.version
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
        If the text does not have that form.
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


@cache
def field_types(cls: type[Component]) -> Mapping[str, Any]:
    """Types of a component's fields, with annotations given as text evaluated.

    Raises
    ------
    Exception
        What an annotation that cannot be evaluated raises.
    """
    return get_type_hints(cls)


def build(cls: type[C], parameters: Mapping[str, str]) -> C:
    """Return a component of class `cls`; raw parameters are converted by the annotations of its fields.

    Raises
    ------
    ComponentError
        For an unknown, missing or unconvertible parameter; the message names the choices.
    """
    hints = field_types(cls)
    fields = {field.name: field for field in dataclasses.fields(cls) if field.init}
    for key in parameters:
        if key not in fields:
            known = ", ".join(fields) or "none"
            hint = did_you_mean(key, fields)
            raise ComponentError(f"{cls.name} has no parameter {key!r}; it takes: {known}{hint}")
    for key, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and key not in parameters:
            raise ComponentError(
                f"{cls.name} needs {key}: write {cls.name}:{key}=… ({type_in_words(hints[key])})"
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


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """Return "; did you mean …?" with the choice nearest to a mistyped name, or "" if none is near."""
    near = difflib.get_close_matches(name, choices, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def unknown_name(
    kind: str, name: str, choices: Iterable[str], elsewhere: Mapping[str, str] | None = None
) -> ComponentError:
    """Return the error for an unknown name; it lists the choices and the nearest one.

    Parameters
    ----------
    kind, name : str
    choices : iterable of str
    elsewhere : mapping of str to str, optional
        Places of names that are not among the choices, such as "in overparam-numba, which is not installed".
    """
    known, elsewhere = sorted(choices), elsewhere or {}
    near = difflib.get_close_matches(name, [*known, *elsewhere], n=1)
    if name in elsewhere:
        hint = f"; {name} is {elsewhere[name]}"
    elif near and near[0] in elsewhere:
        hint = f"; did you mean {near[0]!r}? It is {elsewhere[near[0]]}"
    else:
        hint = did_you_mean(name, known)
    return ComponentError(f"unknown {kind} {name!r}: choose from {', '.join(known) or 'none'}{hint}")


_TRUE, _FALSE = {"true", "yes", "1", "on"}, {"false", "no", "0", "off"}


def members(hint: Any) -> tuple[Any, ...]:
    """Return the alternatives of a union annotation, or a list of the annotation itself."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)


def _convert(owner: str, key: str, raw: str, hint: Any) -> Any:
    for member in sorted(members(hint), key=lambda member: str(get_origin(member)) != str(Literal)):
        try:
            return _convert_one(raw, member)
        except ValueError:
            continue
    raise ComponentError(f"{owner}: {key} must be {type_in_words(hint)}, got {raw!r}")


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


def type_in_words(hint: Any) -> str:
    """Return the accepted values in words: "a number", "a number or 'theorem'", ..."""
    if len(several := members(hint)) > 1:
        return " or ".join(type_in_words(member) for member in several)
    if get_origin(hint) is Literal:
        return " or ".join(repr(choice) for choice in get_args(hint))
    if get_origin(hint) is tuple:
        return f"a list (value;value;…), each {type_in_words(get_args(hint)[0])}"
    return "none" if hint is type(None) else _WORDS.get(hint, str(hint))


def spelled(value: Any) -> str:
    """Return a parameter as the command line spells it.

    NumPy scalars are spelled as Python numbers, with enough digits to restore the same number.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ";".join(spelled(item) for item in value)
    if isinstance(value, Integral):
        return repr(int(value))
    if isinstance(value, Real):
        number = float(value)
        return repr(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    return "none" if value is None else str(value).replace(",", "\\,")
