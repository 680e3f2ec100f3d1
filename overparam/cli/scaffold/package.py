"""A complete, installable plugin package, from the templates beside this module.

Each kind of plugin is one file in ``templates/kinds``: the component's use on the command line, the source
and its test. Everything else is shared.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template

from overparam.components import Component, ComponentError
from overparam.plugins import HOOKS

__all__ = ["KINDS", "Kind", "write_package"]

_TEMPLATES = files("overparam.cli.scaffold") / "templates"
_ENDING = ".template"
_LONGEST = 60
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SIZES: Mapping[str, str] = {
    "train": " --n 20 --d 10 --k 20",
    "sweep": " --n 20 --d 5,10 --k 4,20 --trials 2 --study $name.study",
    "certify": " --n 20 --d 10 --k 20",
    "theory": " --n 20 --d 10",
}
"""Sizes for quick commands in a README, if a kind's file does not give `sizes`."""


@dataclass(frozen=True)
class Kind:
    """A kind of plugin, as its file in ``templates/kinds`` describes it.

    Attributes
    ----------
    name : str
        The value of ``plugins new --kind``.
    """

    name: str

    @cached_property
    def _sections(self) -> tuple[str, str, str]:
        """Return the head, the source and the test."""
        text = (_TEMPLATES / "kinds" / f"{self.name}{_ENDING}").read_text(encoding="utf-8")
        head, source, test = re.split(r"^=== \w+\n", text, flags=re.MULTILINE)
        return head, source, test

    @cached_property
    def _head(self) -> dict[str, str]:
        """Lines of the form ``key: value``."""
        pairs = (line.partition(":") for line in self._sections[0].splitlines())
        return {key: value.strip() for key, _, value in pairs}

    @cached_property
    def family(self) -> type[Component]:
        """The base class of the component."""
        return next(family for family, hook in HOOKS.items() if hook == self._head["hook"])

    @property
    def uses(self) -> list[str]:
        """Commands that use the component, with the placeholder `$name`."""
        before, after = (f" {self._head[key]}" if key in self._head else "" for key in ("globally", "option"))
        commands = self._head["commands"].split()
        sizes = f" {self._head['sizes']}" if "sizes" in self._head else None
        return [f"overparam{before} {command}{after}{sizes or _SIZES[command]}" for command in commands]

    def class_name(self, name: str) -> str:
        """Return the class's name, with the kind appended if Python or the template already uses the name."""
        plain = "".join(part.capitalize() for part in name.split("-"))
        used = set(re.findall(r"\w+", " ".join(self._sections)))
        if keyword.iskeyword(plain) or hasattr(builtins, plain) or plain in used:
            return plain + self.name.capitalize()
        return plain

    def words(self, name: str) -> dict[str, str]:
        """Return the values of the templates' placeholders for a component of this name."""
        own = {"name": name, "cls": self.class_name(name), "module": f"overparam_{name.replace('-', '_')}"}
        _, source, test = (Template(section.strip()).substitute(own) for section in self._sections)
        return {
            **own,
            "kind": self.family.kind,
            "family": self.family.__name__,
            "hook": self._head["hook"],
            "example": self._head["example"],
            "uses": Template("\n".join(self.uses)).substitute(own),
            "version": version("overparam"),
            "source": source + "\n",
            "test": test,
        }


def _kinds() -> dict[str, Kind]:
    """Return the kinds that have a template, in the order of the hooks."""
    found = [Kind(file.name.removesuffix(_ENDING)) for file in (_TEMPLATES / "kinds").iterdir()]
    families = list(HOOKS)
    return {kind.name: kind for kind in sorted(found, key=lambda kind: families.index(kind.family))}


KINDS: Mapping[str, Kind] = _kinds()


def write_package(name: str, kind: str, folder: Path) -> Path:
    """Write the package ``overparam-NAME`` into `folder` and return its path.

    Parameters
    ----------
    name : str
        The component's name on the command line; a leading ``overparam-`` is dropped.
    kind : str
        One of `KINDS`.
    folder : Path
        An existing folder.

    Raises
    ------
    ComponentError
        For an invalid name, or a package that already exists.
    """
    name = name.removeprefix("overparam-")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise ComponentError(
            f"{name[:_LONGEST]!r} is not a valid name: use up to {_LONGEST} lower-case letters, digits and "
            "hyphens, e.g. swish"
        )
    package = folder / f"overparam-{name}"
    if package.exists():
        raise ComponentError(f"{package} already exists: choose another name, or remove it")
    words = KINDS[kind].words(name)
    module = words["module"]
    if find_spec(module) is not None:
        raise ComponentError(f"the module {module} is already installed: choose another name")
    contents = {
        package / "pyproject.toml": "pyproject.toml",
        package / "README.md": "README.md",
        package / "src" / f"{module}.py": "source.py",
        package / "tests" / f"test_{module}.py": "test.py",
    }
    for path, template in contents.items():
        text = (_TEMPLATES / f"{template}{_ENDING}").read_text(encoding="utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(words), encoding="utf-8")
    return package
