"""Every tutorial as a stranger works through it: all files written, all lines typed, in a fresh environment.

A Python block with a file name is the source of the package ``overparam-NAME`` that the tutorial has
started; other blocks with a file name are that file.
"""

import importlib.util
import re
import sys
import types
from pathlib import Path

import pytest

from tests.plugins.stranger import Stranger

TUTORIALS = sorted((Path(__file__).parents[2] / "docs" / "tutorials").glob("*.md"))
BLOCK = re.compile(r"^```(python|py|console)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform == "win32" or importlib.util.find_spec("hatchling") is None,
    reason="hatchling builds the package, bash runs the lines",
)
@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_it_ends_as_it_promises(path, tmp_path, monkeypatch):
    stranger = Stranger(tmp_path)
    monkeypatch.chdir(stranger.folder)
    module = types.ModuleType(f"tutorial_{path.stem.replace('-', '_')}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    written = set()
    for language, name, text in BLOCK.findall(path.read_text(encoding="utf-8")):
        if language == "console":
            stranger.types("set -e\n" + text)
            continue
        if name:
            file = Path(name)
            if language == "python":
                file = Path(file.stem.replace("_", "-")) / "src" / file
            assert file.exists(), "the tutorial has a package written before its files"
            with file.open("a" if file in written else "w", encoding="utf-8") as handle:
                handle.write(text)
            written.add(file)
        if language == "python":
            exec(compile(text, str(path), "exec"), vars(module))
    print(f"{stranger.seconds:6.1f} s  typed along {path.name}", file=sys.stderr)
