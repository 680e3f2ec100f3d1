"""Output files never replace input files, are written whole or not at all, and are checked before work."""

import os
import re
import signal
import stat
import subprocess
import sys

import numpy as np
import pytest

import overparam.files
from overparam.files import replaced
from tests.cli.conftest import SMALL

ENDED = ("--max-iterations", 2)


@pytest.fixture
def data(overparam, tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "x.npz", X=rng.standard_normal((6, 2)), y=rng.standard_normal(6))
    (tmp_path / "x.svg").write_bytes(b"not a figure")
    (tmp_path / "soft.npz").symlink_to("x.npz")
    os.link(tmp_path / "x.npz", tmp_path / "hard.npz")
    return tmp_path / "x.npz"


@pytest.mark.parametrize("output", ["x.npz", "soft.npz", "hard.npz", "./x.npz"])
@pytest.mark.parametrize("read", ["x.npz", "soft.npz", "hard.npz"])
def test_data_are_not_overwritten(overparam, data, output, read):
    before = data.read_bytes()
    call = overparam("train", "--k", 2, *ENDED, "--data", f"file:path={read}", "--output", output)
    assert call.code == 2
    assert "is the input file" in call.errors
    assert data.read_bytes() == before


@pytest.mark.parametrize("name", ["a.svg", "soft.svg", "hard.svg"])
@pytest.mark.parametrize("command", ["plot", "export"])
def test_studies_are_not_overwritten(overparam, study, tmp_path, command, name):
    """A study may have any name, also that of a picture or a table."""
    name = name if command == "plot" else name.replace("svg", "csv")
    path = tmp_path / name.replace("soft", "a").replace("hard", "a")
    study.rename(path)
    if name.startswith("soft"):
        (tmp_path / name).symlink_to(path)
    elif name.startswith("hard"):
        os.link(path, tmp_path / name)
    before = path.read_bytes()
    call = overparam(command, path, "-o", name)
    assert call.code == 2
    assert "is the input file" in call.errors
    assert path.read_bytes() == before


WRITING = [
    ("train", *ENDED, "--output", "{}.npz"),
    ("train", *ENDED, "--plot", "{}.svg"),
    ("certify", *ENDED, "--plot", "{}.svg"),
    ("plot", "a.study", "-o", "{}.svg"),
    ("export", "a.study", "-o", "{}.csv"),
    ("report", "a.study", "-o", "{}.html"),
    ("-q", "sweep", *SMALL, "--study", "{}.study", "--report", "{}.html"),
    ("merge", "a.study", "-o", "{}.study"),
    ("salvage", "a.study", "-o", "{}.study"),
    ("-q", "sweep", *SMALL, "--study", "{}.study"),
]


def written(command, name):
    return [str(word).format(name) for word in command]


@pytest.mark.parametrize("command", WRITING, ids=lambda command: " ".join(map(str, command[:2])))
def test_where_nothing_can_be_written_nothing_is_trained(overparam, study, tmp_path, monkeypatch, command):
    def train(*_, **__):
        pytest.fail("it trained although its output cannot be written")

    monkeypatch.setattr("overparam.cli.train.prepare_training", train)
    monkeypatch.setattr("overparam.cli.certify.certificate_of", train)
    (tmp_path / "file").touch()
    for name in ("no/a", "file/a"):
        call = overparam(*written(command, name))
        assert call.code in (1, 2)
        assert "Traceback" not in call.errors
        assert "does not exist" in call.errors
    if any(ending in str(command) for ending in (".npz", ".svg", ".csv")):
        call = overparam(*(re.sub(r"\.(npz|svg|csv)$", ".x", word) for word in written(command, "b")))
        assert call.code == 2
        assert "must end in" in call.errors


@pytest.mark.parametrize("command", WRITING[:5], ids=lambda command: " ".join(map(str, command[:2])))
def test_files_have_the_permissions_that_the_umask_says(overparam, study, tmp_path, command):
    before = os.umask(0o027)
    try:
        assert overparam(*written(command, "b")).code == 0
    finally:
        os.umask(before)
    [path] = tmp_path.glob("b.*")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert {path.name for path in tmp_path.iterdir()} == {path.name, "a.study"}


def test_a_link_stays_one_and_what_it_names_is_replaced(overparam, study, tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "b.csv").write_text("before")
    (tmp_path / "b.csv").symlink_to("kept/b.csv")
    assert overparam("export", study, "-o", "b.csv").code == 0
    assert (tmp_path / "b.csv").is_symlink()
    assert (tmp_path / "kept" / "b.csv").read_text().startswith("n,k,d")


SLOW = (
    "import sys, time; from pathlib import Path; import overparam.files as f;"
    "f._UNNAMED *= int(sys.argv[2]);"
    "file = f.replaced(Path(sys.argv[1])); handle = file.__enter__(); handle.write(b'half'); handle.flush();"
    "print('writing', flush=True); time.sleep(600)"
)


@pytest.mark.parametrize("unnamed", [0, 1])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_writer_leaves_nothing_that_lasts(tmp_path, unnamed, number):
    target = tmp_path / "a.csv"
    target.write_text("before")
    with subprocess.Popen(
        [sys.executable, "-c", SLOW, str(target), str(unnamed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        process.stdout.readline()
        process.send_signal(number)
    assert target.read_text() == "before"
    if unnamed:
        assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    with replaced(target) as file:
        file.write(b"after")
    if not unnamed:  # the next writer that uses a named temporary file removes the old one
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(overparam.files, "_UNNAMED", 0)
            with replaced(target) as file:
                file.write(b"after")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert target.read_text() == "after"
