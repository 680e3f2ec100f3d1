"""Compiled training loops, stored on disk between runs.

The compiled source is always freshly printed: the content of a file is never executed. A file of that source
is stored in the user's private cache folder, and numba stores its compiled code beside it. A seal, the
digests of numba's files, shows whether these files have changed since.
"""

from __future__ import annotations

import hashlib
import linecache
import sys
import threading
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from overparam.plugin import Recipe, StopRule, leaves_idle_units
from overparam_numba.kept import Kept, keep
from overparam_numba.template import print_module

__all__ = ["Loop", "compiled_loop", "printed"]


_OF_OTHERS, _OF_DIVIDED = ("descend", "sample"), ("assist",)
_COMPILED = ("begin", "prepare", *_OF_OTHERS, *_OF_DIVIDED)
_IMPORTING = threading.Lock()


@dataclass(frozen=True)
class Loop:
    """A printed module.

    Attributes
    ----------
    module : module
    states : int
        Number of arrays of the method's state.
    leaves_idle_units : bool
        Whether units with v = 0 stay at W₀ and may be omitted.
    kept : Kept or None
        Its files on disk; None if there is no private folder.
    """

    module: ModuleType
    states: int
    leaves_idle_units: bool
    kept: Kept | None

    def is_kept(self, *, divided: bool = False) -> bool:
        """Whether the disk holds the compiled loop: for runs divided among workers, or for other runs."""
        names = _OF_DIVIDED if divided else _OF_OTHERS
        return self.kept is not None and self.kept.is_compiled(names)

    def seal(self) -> None:
        """Record the digests of numba's compiled files, to verify them later."""
        held = vars(self.module)
        compiled = sum(len(held[name].overloads) for name in _COMPILED)
        if self.kept is not None and compiled != held["SEALED"]:
            self.kept.seal()
            held["SEALED"] = compiled


@lru_cache(maxsize=64)
def printed(recipe: Recipe) -> tuple[str, int]:
    """Return the source of a recipe's loop and the number of its state arrays, without writing a file.

    Raises
    ------
    Unrecordable
        If one of its components cannot be compiled.
    """
    return print_module(recipe)


def compiled_loop(recipe: Recipe) -> Loop:
    """Return the loop of a recipe, the same for every stop rule; it is compiled on its first call.

    Raises
    ------
    Unrecordable
        If one of its components cannot be compiled.
    """
    return _loop(replace(recipe, stop=StopRule()))


@lru_cache(maxsize=64)
def _loop(recipe: Recipe) -> Loop:
    source, states = printed(recipe)
    rule = recipe.optimizer.elementwise()
    idle = recipe.layers == "hidden" and rule is not None and leaves_idle_units(rule)
    name = f"overparam_loop_{hashlib.sha256((source + _surroundings()).encode()).hexdigest()[:20]}"
    with _IMPORTING:
        kept = keep(name, source)
        return Loop(_module(name, source, kept), states, idle, kept)


def _module(name: str, source: str, kept: Kept | None) -> ModuleType:
    """Execute the printed source, independently of the content of the disk."""
    path = f"<{name}>" if kept is None else str(kept.path)
    module = ModuleType(name)
    module.__file__ = path
    vars(module).update(KEPT=kept is not None, SEALED=0)
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    sys.modules[name] = module  # numba looks up functions there
    exec(compile(source, path, "exec"), vars(module))
    return module


@cache
def _surroundings() -> str:
    """Everything compiled into a printed module besides its source: this package, by compiler version."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return "".join([version("numba"), version("llvmlite"), *(f.read_text(encoding="utf-8") for f in files)])
