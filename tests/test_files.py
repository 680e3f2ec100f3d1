"""Files are read completely and replaced in one step."""

import os
import stat

import pytest

import overparam.files
from overparam.files import check_output, open_input, replaced, require_regular


@pytest.fixture(params=[0, 1], ids=["named", "unnamed"])
def way(request, monkeypatch):
    """Both ways to write a new version beside a file."""
    monkeypatch.setattr(overparam.files, "_UNNAMED", overparam.files._UNNAMED * request.param)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("before", [None, b"before"])
def test_a_file_appears_whole_or_not_at_all(tmp_path, before):
    path = tmp_path / "a [1]*.csv"
    if before is not None:
        path.write_bytes(before)
    for error in (ValueError, KeyboardInterrupt, OSError, SystemExit):
        with pytest.raises(error), replaced(path) as file:  # noqa: PT012 - the block is left in the middle
            file.write(b"half")
            file.flush()
            raise error
        assert (path.read_bytes() if path.exists() else None) == before
        assert [other.name for other in tmp_path.iterdir()] == ([path.name] if before else [])
    with replaced(path) as file:
        file.write(b"whole")
        assert (path.read_bytes() if path.exists() else None) == before
    assert path.read_bytes() == b"whole"
    assert [other.name for other in tmp_path.iterdir()] == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask()


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.usefixtures("way")
def test_a_long_name_and_a_missing_folder(tmp_path):
    path = tmp_path / ("x" * 250)
    with replaced(path) as file:
        file.write(b"1")
    assert path.read_bytes() == b"1"
    with pytest.raises(FileNotFoundError), replaced(tmp_path / "no" / "a"):
        pass


def test_two_writers_of_one_file_do_not_meet(tmp_path, monkeypatch):
    monkeypatch.setattr(overparam.files, "_UNNAMED", 0)
    path = tmp_path / "a"
    with replaced(path) as one:
        one.write(b"one")
        with replaced(path) as other:
            other.write(b"other")
        assert path.read_bytes() == b"other"
    assert path.read_bytes() == b"one"


@pytest.mark.parametrize("kind", ["pipe", "device", "link to a device", "folder"])
def test_only_files_are_read(tmp_path, kind):
    path = tmp_path / "a"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    for look in (require_regular, open_input):
        with pytest.raises((ValueError, IsADirectoryError), match=r"named pipe|device|directory"):
            look(path)
    with pytest.raises(ValueError, match=r"named pipe|device|folder"):
        check_output(path)


def test_outputs_that_cannot_be(tmp_path):
    read = tmp_path / "read.csv"
    read.touch()
    (tmp_path / "link.csv").symlink_to("read.csv")
    for path, said in (
        (read, "is the input file"),
        (tmp_path / "link.csv", "is the input file"),
        (tmp_path / "." / "read.csv", "is the input file"),
        (tmp_path / "a.txt", r"must end in \.csv"),
        (tmp_path / "no" / "a.csv", "does not exist"),
        (tmp_path, "must end in"),
    ):
        with pytest.raises(ValueError, match=said):
            check_output(path, [".csv"], [read])
    check_output(tmp_path / "B.CSV", [".csv"], [read, tmp_path / "none"])
    assert [path.name for path in tmp_path.iterdir()].count("B.CSV") == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_outputs_that_may_not_be(tmp_path):
    (tmp_path / "a.csv").touch(mode=0o444)
    with pytest.raises(ValueError, match="check its permissions"):
        check_output(tmp_path / "a.csv")
