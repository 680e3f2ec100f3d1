"""The private folder of compiled loops, and the verification of its files.

numba executes the content of its files. They are trusted only in a folder that nobody else can write to, and
only if their digests are those recorded after compilation; otherwise they are removed, and the loop is
compiled again. Two processes may write the same files at once: each file appears complete.
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
    """A printed module's file, and numba's files beside it.

    Attributes
    ----------
    path : Path
    """

    path: Path

    def is_compiled(self, functions: Sequence[str]) -> bool:
        """Whether one of these functions is stored in compiled form, unchanged since."""
        found = self._digests()
        loops = [name for name in found if any(f".{function}-" in name for function in functions)]
        return bool(loops) and found == self._noted()

    def seal(self) -> None:
        """Record the digests of numba's files; if they cannot be written, the files are not trusted later."""
        found = self._digests()
        if found and found != self._noted():
            with suppress(OSError):
                _write(self._seal, json.dumps(found))

    def verify(self) -> None:
        """Remove files whose digest has changed."""
        if self._digests() != self._noted():
            for path in [*self._files(), self._seal]:
                with suppress(OSError):
                    path.unlink()

    @property
    def _seal(self) -> Path:
        return self.path.with_suffix(".seal")

    def _files(self) -> list[Path]:
        """Numba's files, which it stores beside a module."""
        return sorted((self.path.parent / "__pycache__").glob(f"{self.path.stem}.*.nb[ic]"))

    def _digests(self) -> dict[str, str]:
        found = {}
        for path in self._files():
            with suppress(OSError):  # another process may have removed the file
                found[path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def _noted(self) -> object:
        try:
            return json.loads(self._seal.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}


def cache_folder() -> Path:
    """Return the folder of printed modules: OVERPARAM_CACHE_DIR, or the user's cache folder."""
    if given := os.environ.get("OVERPARAM_CACHE_DIR"):
        return Path(given)
    return Path(user_cache_path("overparam"))


def keep(name: str, source: str) -> Kept | None:
    """Write a module to the folder and verify numba's files; return None if nothing can be stored.

    numba's own NUMBA_CACHE_DIR would put its files in a folder that is not verified: then nothing is stored.
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
    """Create a folder if there is none; return whether it is this user's and nobody else may write to it."""
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
    """Write a file so that it appears complete."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
