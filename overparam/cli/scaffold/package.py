"""A complete, installable plugin package, from the templates beside this module."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template

from overparam.components import Component, ComponentError
from overparam.methods import Optimizer
from overparam.model.activations import Activation
from overparam.model.data import DataGenerator

__all__ = ["KINDS", "write_package"]


@dataclass(frozen=True)
class _Kind:
    """What a kind of plugin is called where."""

    family: type[Component]
    option: str


KINDS: Mapping[str, _Kind] = {
    "activation": _Kind(Activation, "--activation"),
    "optimizer": _Kind(Optimizer, "--optimizer"),
    "data": _Kind(DataGenerator, "--data"),
}

_LONGEST = 60
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


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
        For a name that no component can have, or a package that is there already.
    """
    name = name.removeprefix("overparam-")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise ComponentError(
            f"{name[:_LONGEST]!r} is not a name: use up to {_LONGEST} lower-case letters, digits and "
            "hyphens, e.g. swish"
        )
    package = folder / f"overparam-{name}"
    if package.exists():
        raise ComponentError(f"{package} is there already: choose another name, or remove it")
    module = f"overparam_{name.replace('-', '_')}"
    if find_spec(module) is not None:
        raise ComponentError(f"the module {module} is installed already: choose another name")
    words = {
        "name": name,
        "kind": kind,
        "option": KINDS[kind].option,
        "module": module,
        "cls": _class_name(name, kind),
        "version": version("overparam"),
    }
    contents = {
        package / "pyproject.toml": "pyproject.toml",
        package / "README.md": "README.md",
        package / "src" / f"{words['module']}.py": f"{kind}.py",
        package / "tests" / f"test_{words['module']}.py": f"test_{kind}.py",
    }
    for path, template in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_template(template).substitute(words), encoding="utf-8")
    return package


def _class_name(name: str, kind: str) -> str:
    """The class's name; with the kind behind it where Python or the templates use the plain one."""
    plain = "".join(part.capitalize() for part in name.split("-"))
    texts = [_template(f"{stem}.py").template for stem in (kind, f"test_{kind}")]
    used = {word for text in texts for word in re.findall(r"\w+", text)}
    if keyword.iskeyword(plain) or hasattr(builtins, plain) or plain in used:
        return plain + kind.capitalize()
    return plain


def _template(name: str) -> Template:
    resource = files("overparam.cli.scaffold") / "templates" / f"{name}.template"
    return Template(resource.read_text(encoding="utf-8"))
