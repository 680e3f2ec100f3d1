"""Compiled training loops, kept on the disk between runs.

The source that is compiled is always the one that was printed: what a file holds is never executed. A
file of that source is kept in the user's private cache folder, where numba keeps what it compiles beside it;
a seal, the digests of numba's files, tells whether these are still what was compiled.
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
        Arrays of the method's state.
    leaves_idle_units : bool
        Whether units with v = 0 stay at W₀ and may be left out.
    kept : Kept or None
        Where the disk holds it; None where no private folder can be had.
    """

    module: ModuleType
    states: int
    leaves_idle_units: bool
    kept: Kept | None

    def is_kept(self, *, divided: bool = False) -> bool:
        """Whether the disk holds compiled what trains runs that are divided among workers, or others."""
        names = _OF_DIVIDED if divided else _OF_OTHERS
        return self.kept is not None and self.kept.is_compiled(names)

    def seal(self) -> None:
        """Note what numba has compiled, so that later runs can tell it from anything else."""
        held = vars(self.module)
        compiled = sum(len(held[name].overloads) for name in _COMPILED)
        if self.kept is not None and compiled != held["SEALED"]:
            self.kept.seal()
            held["SEALED"] = compiled


@lru_cache(maxsize=64)
def printed(recipe: Recipe) -> tuple[str, int]:
    """Return the source of a recipe's loop and the number of its state arrays; nothing is written.

    Raises
    ------
    Unrecordable
        Where one of its components cannot be compiled.
    """
    return print_module(recipe)


def compiled_loop(recipe: Recipe) -> Loop:
    """Return the loop of a recipe, the same for every stop rule; compiled when it is first called.

    Raises
    ------
    Unrecordable
        Where one of its components cannot be compiled.
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
    """Execute the printed source, whatever the disk holds."""
    path = f"<{name}>" if kept is None else str(kept.path)
    module = ModuleType(name)
    module.__file__ = path
    vars(module).update(KEPT=kept is not None, SEALED=0)
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    sys.modules[name] = module  # numba looks functions up there
    exec(compile(source, path, "exec"), vars(module))
    return module


@cache
def _surroundings() -> str:
    """What is compiled into a printed module besides its source: this package, by the compiler's version."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return "".join([version("numba"), version("llvmlite"), *(f.read_text(encoding="utf-8") for f in files)])
