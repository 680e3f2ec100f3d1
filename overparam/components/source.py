"""A plugin that is one file: its content, who it is, and how its components travel to other processes.

No other process can import such a file by its name, and on another machine it may not be. So components of
its classes carry the file's content where they are pickled, and are made again from that.
"""

from __future__ import annotations

import copyreg
import hashlib
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePath
from types import ModuleType
from typing import Any

__all__ = ["DIGEST", "Source", "source_of"]

DIGEST = "sha256:"
"""What the version of a file begins with; no distribution's does."""

_SHOWN = 16  # digits of a digest
_ATTRIBUTE = "__overparam_source__"


@dataclass(frozen=True)
class Source:
    """The content of a file, and the module that it is.

    Attributes
    ----------
    path : str
        Where it was read, for messages and tracebacks.
    content : bytes
    """

    path: str
    content: bytes = field(repr=False)

    @property
    def stem(self) -> str:
        """The file's name without its ending, as it can stand in a specification."""
        return re.sub(r"[^\w.-]+", "-", PurePath(self.path).stem)

    @property
    def distribution(self) -> str:
        """The file's name."""
        return f"{self.stem}.py"

    @property
    def version(self) -> str:
        """The digest of the content."""
        return DIGEST + hashlib.sha256(self.content).hexdigest()[:_SHOWN]

    def load(self) -> ModuleType:
        """Return the module; its code runs once in a process, however often the content is loaded."""
        digest = self.version.removeprefix(DIGEST)
        name = f"overparam_file_{re.sub(r'[^a-zA-Z0-9]+', '_', self.stem)}_{digest}"
        if name in sys.modules:
            return sys.modules[name]
        module = ModuleType(name)
        module.__file__ = self.path
        setattr(module, _ATTRIBUTE, self)
        sys.modules[name] = module  # dataclasses look their annotations up there
        try:
            exec(compile(self.content, self.path, "exec", dont_inherit=True), vars(module))
        except BaseException:
            del sys.modules[name]
            raise
        return module

    def carried_by(self, cls: type) -> None:
        """Have the objects of a class of this file carry it where they are pickled."""

        def reduced(component: Any) -> tuple[Any, ...]:
            function, arguments, *state = component.__reduce_ex__(2)
            return (_made_again, (self, function, arguments), *state)

        copyreg.pickle(cls, reduced)

    def __reduce__(self) -> tuple[Any, ...]:
        return _loaded, (self.path, self.content)


def source_of(module: str) -> Source | None:
    """Return the file that a module, or a module of its package, was loaded from; None for all others."""
    found: Source | None = getattr(sys.modules.get(module.partition(".")[0]), _ATTRIBUTE, None)
    return found


def _loaded(path: str, content: bytes) -> Source:
    """Unpickle a source: what follows in the pickle may name its classes."""
    source = Source(path, content)
    source.load()
    return source


def _made_again(source: Source, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return function(*arguments)
