"""Data from files: the values that are read, and one clear line for every kind of invalid file."""

import io
import os
import pickle
import random
import re
import zipfile

import numpy as np
import pytest

from overparam.components import build
from overparam.model.data import File

X = np.array([[3.0, 4.0], [-1.0, 0.0], [1e-300, 1e-300], [1e300, -1e300], [0.6, 0.8]])
Y = np.array([1.0, -2.0, 0.5, 0.0, 3.0])
UNIT = np.array([[0.6, 0.8], [-1.0, 0.0], [0.5**0.5, 0.5**0.5], [0.5**0.5, -(0.5**0.5)], [0.6, 0.8]])


def csv(*columns, header=""):
    rows = [",".join(map(repr, map(float, row))) for row in np.column_stack(columns)]
    return "\n".join([header, *rows] if header else rows)


def write(path, content):
    """Write arrays or text in the format of the file's suffix; return the path."""
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    elif isinstance(content, dict):
        np.savez(path, **content)
    else:
        np.save(path, content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "labelled"),
    [
        ("a.npy", X, False),
        ("a.npy", np.asfortranarray(X).astype(">f8"), False),
        ("a.npz", {"X": X}, False),
        ("a.npz", {"X": X, "y": Y, "more": Y}, True),
        ("a.NPZ", {"X": X, "y": Y}, True),
        ("a.csv", csv(X), False),
        ("a.csv", csv(X, header="height,width"), False),
        ("a.csv", csv(X, Y, header="height,width,y"), True),
        ("a.csv", csv(Y, X, header="y, height, width"), True),
        ("a.csv", "\ufeff" + csv(X, Y, header="a,b,y").replace("\n", "\r\n") + "\r\n\r\n", True),
    ],
)
def test_what_a_file_holds(tmp_path, name, content, labelled):
    path = tmp_path / name
    if name == "a.NPZ":
        path.write_bytes(write(tmp_path / "b.npz", content).read_bytes())
    else:
        write(path, content)
    source = build(File, {"path": str(path)})
    assert source.shape() == (5, 2)
    dataset = source.draw(5, 2, np.random.default_rng(0))
    np.testing.assert_allclose(dataset.X, UNIT, rtol=1e-15)
    if labelled:
        np.testing.assert_array_equal(dataset.y, Y)
    else:
        assert dataset.y is None
    raw = File(str(path), normalize=False).draw(5, 2, np.random.default_rng(0))
    np.testing.assert_array_equal(raw.X, X)


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8", "uint64", "bool"])
def test_any_real_data_type_is_read_as_float64(tmp_path, dtype):
    array = np.array([[1, 0], [0, 1], [1, 1]]).astype(dtype)
    found = File(write(tmp_path / "a.npy", array), normalize=False).draw(3, 2, np.random.default_rng(0)).X
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, array.astype(np.float64))


class Bomb:
    """An object that fails the test if anything unpickles it."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was opened",)


def saved(save, *arrays, **named):
    handle = io.BytesIO()
    save(handle, *arrays, **named)
    return handle.getvalue()


NAN = np.where(np.arange(10).reshape(5, 2) == 5, np.nan, X)
ZERO = X * (np.arange(5) != 3)[:, None]

BAD = {
    "NaN": ("a.npy", NAN, "X has a value in row 2 that is not finite"),
    "infinity": ("a.npy", np.where(X > 1e200, np.inf, X), "X has a value in row 3 that is not finite"),
    "NaN in y": ("a.npz", {"X": X, "y": Y * np.nan}, "y has a value in row 0 that is not finite"),
    "NaN in a csv": ("a.csv", "1,2\nnan,3", "X has a value in row 1 that is not finite"),
    "zero row": ("a.npy", ZERO, "row 3 of X is zero and cannot be normalized; remove it or set"),
    "vector": ("a.npy", Y, "X must be a matrix"),
    "three axes": ("a.npy", X[None], "X must be a matrix"),
    "no rows": ("a.npy", X[:0], "X must be a matrix"),
    "no columns": ("a.npz", {"X": X[:, :0]}, "X must be a matrix"),
    "short y": ("a.npz", {"X": X, "y": Y[:4]}, r"y must have shape \(5,\), got \(4,\)"),
    "column y": ("a.npz", {"X": X, "y": Y[:, None]}, r"y must have shape \(5,\), got \(5, 1\)"),
    "no X": ("a.npz", {"data": X, "y": Y}, "has no array 'X'; it has: data, y"),
    "nothing": ("a.npz", {}, "has no array 'X'; it has: nothing"),
    "complex": ("a.npy", 1j * X, "X must hold real numbers, got complex128"),
    "words": ("a.npy", np.array([["a", "b"]]), "X must hold real numbers"),
    "records": ("a.npy", np.zeros(3, dtype=[("a", float), ("b", float)]), "X must hold real numbers"),
    "objects": ("a.npy", np.array([[1.0, None]]), "pickles are refused"),
    "objects in an archive": ("a.npz", {"X": np.array([[Bomb()]])}, "pickles are refused"),
    "pickle called npy": ("a.npy", pickle.dumps(Bomb()), "pickles are refused"),
    "pickle called npz": ("a.npz", pickle.dumps(Bomb()), "pickles are refused"),
    "junk called npy": ("a.npy", bytes(range(256)), "no readable .npy"),
    "junk called npz": ("a.npz", bytes(range(256)), "no readable .npz"),
    "junk called csv": ("a.csv", bytes(range(255, -1, -1)), "not a text file"),
    "zeros called csv": ("a.csv", bytes(100), "a.csv"),
    "empty npy": ("a.npy", b"", "no readable .npy"),
    "empty npz": ("a.npz", b"", "no readable .npz"),
    "empty csv": ("a.csv", b"", "holds no rows of numbers"),
    "npz called npy": ("a.npy", saved(np.savez, X=X), "is an archive, not one array: call it .npz"),
    "npy called npz": ("a.npz", saved(np.save, X), "is one array, not an archive: call it .npy"),
    "cut npz": ("a.npz", saved(np.savez, X=X)[:200], "no readable .npz"),
    "enormous npy": (
        "a.npy",
        b"\x93NUMPY\x01\x00v\x00"
        + b"{'descr': '<f8', 'fortran_order': False, 'shape': (9000000000000000, 2), }".ljust(117)
        + b"\n",
        "no readable .npy",
    ),
    "ragged": ("a.csv", "1,2\n3,4\n5\n", "line 3: 1 values where the first row has 2"),
    "ragged under a header": ("a.csv", "a,b\n3,4,5\n", "line 2: 3 values where the first row has 2"),
    "a word": ("a.csv", "1,2\n3,four\n", "line 2: could not convert string to float: 'four'"),
    "a gap": ("a.csv", "1,2\n3,\n", "line 2: could not convert string to float: ''"),
    "a damaged first row": ("a.csv", "1x,2\n3,4\n", "line 1: could not convert string to float: '1x'"),
    "only a header": ("a.csv", "a,b,y\n", "holds no rows of numbers"),
    "semicolons": ("a.csv", "1;2\n3;4\n", "line 2: could not convert string to float: '3;4'"),
    "only labels": ("a.csv", "y\n1\n2\n", "X must be a matrix"),
    "another suffix": ("a.txt", "1,2\n", "must end in .npy, .npz or .csv"),
}


@pytest.mark.parametrize("case", BAD)
def test_one_line_says_what_is_wrong(tmp_path, case):
    name, content, said = BAD[case]
    path = write(tmp_path / name, content)
    with pytest.raises(ValueError, match=said) as caught:
        File(path).draw(5, 2, np.random.default_rng(0))
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


@pytest.mark.parametrize("suffix", ["npy", "npz", "csv"])
def test_files_that_are_not_there_or_are_folders(tmp_path, suffix):
    missing, folder = tmp_path / f"missing.{suffix}", tmp_path / f"folder.{suffix}"
    folder.mkdir()
    with pytest.raises(ValueError, match=f"missing.{suffix}: No such file"):
        File(missing).shape()
    with pytest.raises(ValueError, match=f"folder.{suffix}: Is a directory"):
        File(folder).shape()


def test_another_size_than_the_files_own(tmp_path):
    source = File(write(tmp_path / "a.npy", X))
    with pytest.raises(ValueError, match="holds 5 samples in 2 dimensions, not n=6, d=2"):
        source.draw(6, 2, np.random.default_rng(0))


@pytest.mark.parametrize("name", ["a.npy", "a.npz", "a.csv"])
def test_damage_of_any_kind_is_a_value_error_and_leaves_no_file_open(tmp_path, name):
    content = {"a.npy": X, "a.npz": {"X": X, "y": Y}, "a.csv": csv(X, Y, header="a,b,y")}[name]
    whole = write(tmp_path / name, content).read_bytes()
    rng = random.Random(0)
    refused: list[str] = []
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        damaged = damaged[: rng.randint(len(damaged) // 2, 2 * len(damaged))]
        try:
            File(write(tmp_path / name, bytes(damaged))).shape()
        except ValueError as error:
            refused.append(str(error))
    assert len(refused) > 50
    assert not any("\n" in message for message in refused)


def test_a_file_that_changes_is_read_again_and_what_was_drawn_is_the_callers(tmp_path):
    source = File(write(tmp_path / "a.npy", X))
    before, digest = source.draw(5, 2, np.random.default_rng(0)), source.digest()
    before.X[:] = 7.0
    np.testing.assert_allclose(source.draw(5, 2, np.random.default_rng(0)).X, UNIT)
    assert source.digest() == digest
    write(tmp_path / "a.npy", X[::-1])
    np.testing.assert_allclose(source.draw(5, 2, np.random.default_rng(0)).X, UNIT[::-1])
    assert source.digest() != digest


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x,y,y\n1,2,3\n", "line 1: more than one column is headed y"),
        ("x, y ,y\n1,2,3\n", "line 1: more than one column is headed y"),
        ("1,2\n,\n3,4\n", "line 2: could not convert string to float: ''"),
        (",\n3,4\n", "line 1: '' is neither a number nor the name of a column"),
        ("NA,NA\n3,4\n", "line 1: 'NA' is neither a number nor the name of a column"),
        ("1,2\nNA,NA\n3,4\n", "line 2: could not convert string to float: 'NA'"),
        ("1_0,2\n3,4\n", "line 1: could not convert string to float: '1_0'"),
        ("x,y\n1,2\n\n1_0,2\n", "line 4: could not convert string to float: '1_0'"),
        ("١,2\n3,4\n", "line 1: could not convert string to float: '١'"),
    ],
)
def test_no_line_of_a_table_is_lost_or_misread(tmp_path, text, said):
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(said)):
        File(path).shape()


def test_only_what_is_used_of_an_archive_is_read(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in (("X", np.eye(3)), ("y", np.ones(3))):
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, array)
        with archive.open("unused.npy", "w") as member:
            member.write(b"this is no array and would be refused")
    assert File(path).shape() == (3, 3)


def test_a_compression_bomb_is_refused_by_what_it_declares(tmp_path):
    path = tmp_path / "a.npz"
    zeros = np.zeros(1 << 20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("X.npy", "w") as member:
        header = {"descr": "<f8", "fortran_order": False, "shape": (1 << 5, 1 << 20)}
        np.lib.format.write_array_header_1_0(member, header)
        for _ in range(1 << 5):
            member.write(zeros.tobytes())
    assert path.stat().st_size < 2 << 20
    with pytest.raises(ValueError, match="compression bomb"):
        File(path).shape()


def test_an_array_too_large_for_memory_is_said_to_be_that(tmp_path):
    path = tmp_path / "a.npy"
    with path.open("wb") as handle:
        np.lib.format.write_array_header_1_0(
            handle, {"descr": "<f8", "fortran_order": False, "shape": (1 << 20, 1 << 20)}
        )
        handle.truncate((1 << 43) + 4096)  # a sparse file: no data are written
    with pytest.raises(ValueError, match="too large for this machine's memory"):
        File(path).shape()


def test_a_pipe_is_no_data_file(tmp_path):
    path = tmp_path / "a.csv"
    os.mkfifo(path)
    with pytest.raises(ValueError, match="is a named pipe"):
        File(path).shape()


def test_a_loop_of_links_is_no_data_file(tmp_path):
    path = tmp_path / "a.npz"
    path.symlink_to(path)
    with pytest.raises(ValueError, match="symbolic links"):
        File(path).shape()
