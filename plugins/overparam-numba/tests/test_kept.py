"""The cache of compiled loops is private and verified, and can neither change nor break a run."""

import os
import stat
import tempfile

import pytest
from overparam_numba import compiled, kept
from overparam_numba.engine import Numba

from overparam.arrays.backends import NumPy
from overparam.model.problem import draw_problem
from overparam.runs import Job, Recipe, StopRule

RECIPE = Recipe(stop=StopRule(40), dtype="float32")
JOB = Job([draw_problem(12, 3, 4)], RECIPE, NumPy())


def fresh():
    """Forget all compiled loops, as in a new process."""
    compiled._loop.cache_clear()


def residual():
    [(_, outcome)] = Numba().run(JOB)
    return outcome.relative_residual


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("OVERPARAM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    fresh()
    yield tmp_path / "cache" / "loops"
    fresh()


@pytest.fixture
def filled(folder):
    """The cache folder after a run, and the result of that run."""
    return folder, residual()


def test_what_was_compiled_is_used_again(filled):
    _, before = filled
    fresh()
    loop = compiled.compiled_loop(RECIPE)
    assert loop.is_kept()
    assert residual() == before
    assert sum(loop.module.descend.stats.cache_hits.values()) == 1


def test_asking_whether_it_can_run_writes_nothing(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    assert Numba().objection(JOB) is None
    assert not folder.exists()
    residual()
    assert list((tmp_path / "temporary").iterdir()) == []


def test_an_edited_source_is_not_executed(filled):
    folder, before = filled
    [path] = folder.glob("*.py")
    source = path.read_text()
    path.write_text(source.replace("iteration += 1", "iteration += 2"))
    fresh()
    assert residual() == before
    assert path.read_text() == source


@pytest.mark.parametrize("pattern", ["*.py", "*.seal", "__pycache__/*.nbi", "__pycache__/*.nbc"])
@pytest.mark.parametrize("damage", ["cut", "emptied", "flipped"])
def test_damage_neither_breaks_nor_changes_a_run(filled, pattern, damage):
    folder, before = filled
    for path in folder.glob(pattern):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes({"cut": data[: len(data) // 2], "emptied": b"", "flipped": data}[damage])
    fresh()
    assert residual() == before
    fresh()
    assert compiled.compiled_loop(RECIPE).is_kept()


def test_the_folder_is_its_owners_alone(filled):
    folder, before = filled
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o777)
    fresh()
    assert residual() == before
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_of_somebody_else_is_done_without(filled, monkeypatch):
    folder, before = filled
    monkeypatch.setattr(kept.os, "geteuid", lambda: os.getuid() + 1)
    [path] = folder.glob("*.py")
    path.write_text("raise SystemExit('executed')")
    fresh()
    loop = compiled.compiled_loop(RECIPE)
    assert loop.kept is None
    assert residual() == before
    assert path.read_text() == "raise SystemExit('executed')"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("OVERPARAM_CACHE_DIR", str(blocked))
    fresh()
    assert compiled.compiled_loop(RECIPE).kept is None
    assert residual() > 0.0
    fresh()
