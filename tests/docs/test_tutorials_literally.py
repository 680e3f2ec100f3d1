"""Every tutorial as a new user works through it: files are written, lines typed, in a fresh environment.

A Python block with a file name is written to the source of the package ``overparam-NAME`` that the tutorial
has created before; any other block with a file name is written to that file.
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
    reason="needs hatchling, which builds the package, and bash, which runs the lines",
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
            assert file.exists(), "the tutorial must create the package before it writes the package's files"
            with file.open("a" if file in written else "w", encoding="utf-8") as handle:
                handle.write(text)
            written.add(file)
        if language == "python":
            exec(compile(text, str(path), "exec"), vars(module))
    print(f"{stranger.seconds:6.1f} s  typed along {path.name}", file=sys.stderr)
