"""Plugins that are one file: content, identity, and transfer of their components to other processes.

Other processes cannot import such a file by name, and other machines may not have it. So a pickled component
of such a class carries the file's content, and unpickling loads that content first.
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
"""Prefix of a file's version; no distribution's version has it."""

_SHOWN = 16  # digits of the digest that are shown
_ATTRIBUTE = "__overparam_source__"


@dataclass(frozen=True)
class Source:
    """Content of a plugin file, and the module loaded from it.

    Attributes
    ----------
    path : str
        Path of the file when it was read, for messages and tracebacks.
    content : bytes
    """

    path: str
    content: bytes = field(repr=False)

    @property
    def stem(self) -> str:
        """File name without its suffix, in characters that a specification allows."""
        return re.sub(r"[^\w.-]+", "-", PurePath(self.path).stem)

    @property
    def distribution(self) -> str:
        """File name; it takes the place of the distribution's name."""
        return f"{self.stem}.py"

    @property
    def version(self) -> str:
        """Digest of the content."""
        return DIGEST + hashlib.sha256(self.content).hexdigest()[:_SHOWN]

    def load(self) -> ModuleType:
        """Return the module. Its code runs once per process, even if the content is loaded again."""
        digest = self.version.removeprefix(DIGEST)
        name = f"overparam_file_{re.sub(r'[^a-zA-Z0-9]+', '_', self.stem)}_{digest}"
        if name in sys.modules:
            return sys.modules[name]
        module = ModuleType(name)
        module.__file__ = self.path
        setattr(module, _ATTRIBUTE, self)
        sys.modules[name] = module  # dataclasses look up their annotations there
        try:
            exec(compile(self.content, self.path, "exec", dont_inherit=True), vars(module))
        except BaseException:
            del sys.modules[name]
            raise
        return module

    def carried_by(self, cls: type) -> None:
        """Make pickled objects of `cls`, a class of this file, carry the file's content."""

        def reduced(component: Any) -> tuple[Any, ...]:
            function, arguments, *state = component.__reduce_ex__(2)
            return (_made_again, (self, function, arguments), *state)

        copyreg.pickle(cls, reduced)

    def __reduce__(self) -> tuple[Any, ...]:
        return _loaded, (self.path, self.content)


def source_of(module: str) -> Source | None:
    """Return the plugin file of a module, or of its package; None for all other modules."""
    found: Source | None = getattr(sys.modules.get(module.partition(".")[0]), _ATTRIBUTE, None)
    return found


def _loaded(path: str, content: bytes) -> Source:
    """Unpickle and load a source; later objects in the pickle may need its classes."""
    source = Source(path, content)
    source.load()
    return source


def _made_again(source: Source, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    return function(*arguments)
