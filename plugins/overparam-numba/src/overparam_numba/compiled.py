"""Compiled training loops, kept on the disk between runs.

A printed module is a file named after its contents, in the user's cache folder; numba keeps what it
compiles beside it. Two processes may write the same file at once: it appears whole, and is the same.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
import threading
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from overparam.plugin import Recipe, leaves_idle_units
from overparam_numba.template import print_module

__all__ = ["Loop", "cache_folder", "compiled_loop"]


_IMPORTING = threading.Lock()


@dataclass(frozen=True)
class Loop:
    """A printed module, how many arrays of state its method has, and whether units with v = 0 stay at W₀."""

    module: ModuleType
    states: int
    leaves_idle_units: bool

    def is_kept(self) -> bool:
        """Whether the disk holds it compiled."""
        folder = Path(self.module.descend.stats.cache_path)
        return any(folder.glob(f"{self.module.__name__}.[ds]*.nbi"))  # of descend or of sample


@lru_cache(maxsize=64)
def compiled_loop(recipe: Recipe) -> Loop:
    """Return the loop of a recipe, the same for every budget; compiled when it is first called.

    Raises
    ------
    Unrecordable
        Where one of its components cannot be compiled.
    """
    source, states = print_module(recipe)
    rule = recipe.optimizer.elementwise()
    idle = recipe.layers == "hidden" and rule is not None and leaves_idle_units(rule)
    return Loop(_imported(source), states, idle)


def cache_folder() -> Path:
    """Where printed modules are kept: OVERPARAM_CACHE_DIR, or the user's cache folder."""
    if given := os.environ.get("OVERPARAM_CACHE_DIR"):
        return Path(given)
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "overparam"


def _imported(source: str) -> ModuleType:
    name = f"overparam_loop_{hashlib.sha256((source + _surroundings()).encode()).hexdigest()[:20]}"
    with _IMPORTING:
        if name not in sys.modules:
            path = _written(source, name)
            specification = importlib.util.spec_from_file_location(name, path)
            if specification is None or specification.loader is None:
                raise ImportError(f"{path} cannot be imported")
            module = importlib.util.module_from_spec(specification)
            specification.loader.exec_module(module)
            sys.modules[name] = module
        return sys.modules[name]


@cache
def _surroundings() -> str:
    """What is compiled into a printed module besides its source: this package, by the compiler's version."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return "".join([version("numba"), version("llvmlite"), *(f.read_text(encoding="utf-8") for f in files)])


def _written(source: str, name: str) -> Path:
    """Write the module where it is kept, or for this process alone where nothing can be."""
    for folder in (cache_folder(), Path(tempfile.mkdtemp(prefix="overparam-"))):
        path = folder / f"{name}.py"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                partial = folder / f".{name}.{os.getpid()}"
                partial.write_text(source, encoding="utf-8")
                partial.replace(path)
        except OSError:
            continue
        return path
    raise OSError("no folder can be written to, not even a temporary one")
