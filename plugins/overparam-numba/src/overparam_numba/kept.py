"""The private folder of compiled loops, and whether what lies there is what was compiled.

numba executes what it finds in its files. They are believed only in a folder that nobody else can write
to, and only where their digests are those noted when they were compiled; else they are removed, and the
loop is compiled again. Two processes may write the same files at once: each appears whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

__all__ = ["Kept", "cache_folder", "keep"]


@dataclass(frozen=True)
class Kept:
    """A printed module's file, and those of numba beside it.

    Attributes
    ----------
    path : Path
    """

    path: Path

    def is_compiled(self, functions: Sequence[str]) -> bool:
        """Whether one of these functions is there compiled, and nothing has changed since."""
        found = self._digests()
        loops = [name for name in found if any(f".{function}-" in name for function in functions)]
        return bool(loops) and found == self._noted()

    def seal(self) -> None:
        """Note the digests of numba's files; where that cannot be written, they are not believed later."""
        found = self._digests()
        if found and found != self._noted():
            with suppress(OSError):
                _write(self._seal, json.dumps(found))

    def verify(self) -> None:
        """Remove what is not as it was noted."""
        if self._digests() != self._noted():
            for path in [*self._files(), self._seal]:
                with suppress(OSError):
                    path.unlink()

    @property
    def _seal(self) -> Path:
        return self.path.with_suffix(".seal")

    def _files(self) -> list[Path]:
        """Numba's files, where it puts them beside a module."""
        return sorted((self.path.parent / "__pycache__").glob(f"{self.path.stem}.*.nb[ic]"))

    def _digests(self) -> dict[str, str]:
        found = {}
        for path in self._files():
            with suppress(OSError):  # another process removes what it does not believe
                found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def _noted(self) -> object:
        try:
            return json.loads(self._seal.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}


def cache_folder() -> Path:
    """Where printed modules are kept: OVERPARAM_CACHE_DIR, or the user's cache folder."""
    if given := os.environ.get("OVERPARAM_CACHE_DIR"):
        return Path(given)
    return Path(user_cache_path("overparam"))


def keep(name: str, source: str) -> Kept | None:
    """Write a module where it is kept, and verify what numba has there; None where nothing can be kept.

    numba's own NUMBA_CACHE_DIR would put its files where nobody verifies them: then nothing is kept.
    """
    if os.environ.get("NUMBA_CACHE_DIR"):
        return None
    kept = Kept(cache_folder() / "loops" / f"{name}.py")
    try:
        for folder in (kept.path.parent, kept.path.parent / "__pycache__"):
            if not _is_private(folder):
                return None
        if not _holds(kept.path, source):
            _write(kept.path, source)
    except OSError:
        return None
    kept.verify()
    return kept


def _is_private(folder: Path) -> bool:
    """Make a folder where there is none; whether it is this user's own, and nobody else may write to it."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    state = folder.lstat()
    if not stat.S_ISDIR(state.st_mode):
        return False
    if not hasattr(os, "geteuid"):
        return True
    if state.st_uid != os.geteuid():
        return False
    if state.st_mode & 0o077:
        folder.chmod(0o700)
    return True


def _holds(path: Path, source: str) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode) and path.read_text(encoding="utf-8") == source
    except (OSError, ValueError):
        return False


def _write(path: Path, text: str) -> None:
    """Write a file that appears whole."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
