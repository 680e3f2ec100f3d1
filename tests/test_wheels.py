"""The wheels of the core and of every plugin, installed from a folder, without an index."""

import os
import subprocess
import sys
import sysconfig
import venv
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
DISTRIBUTIONS = ["overparam", *(folder.name for folder in PLUGINS)]


def run(*command, **options):
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=clean, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A folder with the wheels, built with this environment's hatchling."""
    folder = tmp_path_factory.mktemp("dist")
    offline = ("--no-deps", "--no-build-isolation", "--no-index")
    run(sys.executable, "-m", "pip", "wheel", *offline, "-w", folder, ROOT, *PLUGINS)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_wheel_says_what_it_is(wheels, name):
    [path] = wheels.glob(f"{name.replace('-', '_')}-*.whl")
    with ZipFile(path) as wheel:
        [metadata] = [entry for entry in wheel.namelist() if entry.endswith(".dist-info/METADATA")]
        said = Parser().parsestr(wheel.read(metadata).decode("utf-8"))
        [text] = [entry for entry in wheel.namelist() if entry.endswith("licenses/LICENSE")]
        assert wheel.read(text) == (ROOT / "LICENSE").read_bytes()
        assert any(entry.endswith("/py.typed") for entry in wheel.namelist())
        assert not any("tests/" in entry for entry in wheel.namelist())
    assert said["License-Expression"] == "BSD-3-Clause"
    for field in ("Summary", "Author", "Keywords", "Classifier", "Project-URL", "Requires-Python"):
        assert said[field], field
    assert said.get_payload().strip()


@pytest.fixture(scope="module")
def stranger(wheels, tmp_path_factory):
    """Python of a new environment with the wheels and with this environment's third-party packages."""
    folder = tmp_path_factory.mktemp("stranger")
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    others = folder / "others"
    others.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.lower().startswith(("overparam", "_overparam", "__editable__", "pip")):
            (others / entry.name).symlink_to(entry)
    [packages] = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "others.pth").write_text(f"{others}\n")
    run(python, "-m", "pip", "install", "--no-index", "--find-links", wheels, *DISTRIBUTIONS)
    return python


@pytest.mark.slow
def test_they_install_without_an_index_and_work_together(stranger, tmp_path):
    lines = run(stranger, "-m", "pip", "list", "--format=freeze", cwd=tmp_path).splitlines()
    assert set(DISTRIBUTIONS) <= {line.partition("==")[0] for line in lines}
    command = stranger.with_name("overparam")
    origin = run(stranger, "-c", "import overparam; print(overparam.__file__)", cwd=tmp_path)
    assert "site-packages" in origin
    plugins = run(command, "plugins", "list", cwd=tmp_path)
    for name in DISTRIBUTIONS:
        assert name in plugins
    sizes = ("--n", 20, "--d", 5, "--k", 10, "--max-iterations", 50)
    assert "numba on numpy" in run(command, "train", *sizes, "--activation", "gelu", cwd=tmp_path)
    run(command, "train", *sizes, "--optimizer", "levenberg-marquardt", "--data", "digits", cwd=tmp_path)
