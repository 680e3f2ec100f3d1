"""Saving figures, and the error if matplotlib is missing."""

import subprocess
import sys

import numpy as np
import pytest

from overparam.figures import PlottingUnavailable, phase_figure, save
from overparam.studies.diagram import PhaseDiagram

DIAGRAM = PhaseDiagram(
    10, (1, 2, 5), (1, 2), np.array([[0, 0], [1, 2], [3, 0]]), np.array([[3, 3], [3, 3], [3, 0]])
)
MAGIC = {"png": b"\x89PNG\r\n", "svg": b"<?xml", "pdf": b"%PDF-"}

DRAW = """
import sys
from overparam.figures import phase_figure, save
from overparam.studies import PhaseDiagram
diagram = PhaseDiagram(10, (1, 2, 5), (1, 2), [[0, 0], [1, 2], [3, 0]], [[3, 3], [3, 3], [3, 0]])
for path in sys.argv[1:]:
    save(phase_figure([diagram]), path)
"""


def test_two_processes_write_the_same_bytes(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    paths = [tmp_path / f"theirs.{kind}" for kind in MAGIC]
    subprocess.run([sys.executable, "-c", DRAW, *map(str, paths)], check=True)
    for theirs in paths:
        ours = tmp_path / f"ours{theirs.suffix.upper()}"
        save(phase_figure([DIAGRAM]), ours)
        assert ours.read_bytes().startswith(MAGIC[theirs.suffix[1:]])
        assert ours.read_bytes() == theirs.read_bytes()


@pytest.mark.parametrize("name", ["figure.jpg", "figure", "png"])
def test_another_ending_is_refused(name, tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    with pytest.raises(ValueError, match=r"must end in one of \.png, \.svg, \.pdf"):
        save(phase_figure([DIAGRAM]), tmp_path / name)


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    with pytest.raises(FileNotFoundError, match=r"figure\.png"):
        save(phase_figure([DIAGRAM]), tmp_path / "missing" / "figure.png")


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    # With None in sys.modules, an import fails as it does for a missing package.
    for module in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(PlottingUnavailable, match=r"pip install 'overparam\[plot\]'") as caught:
        phase_figure([DIAGRAM])
    assert "\n" not in str(caught.value)


def test_importing_figures_imports_neither_matplotlib_nor_rich():
    code = "import sys, overparam.figures as f; print(sorted({'matplotlib', 'rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
