"""`op.sweep(progress=…)`: lines, a diagram in a terminal or a notebook, a function, or no progress."""

import os
import subprocess
import sys

import pytest

import overparam as op

GIVEN = {"n": 6, "k": "1:2", "d": 2, "trials": 2, "max_iterations": 3, "engine": "portable"}


def script(wanted):
    return f"import overparam as op; op.sweep('a.study', **{GIVEN}, progress={wanted})"


def test_nothing_is_shown_where_nobody_looks(tmp_path, capsys):
    op.sweep(tmp_path / "a.study", **GIVEN)
    op.sweep(tmp_path / "b.study", **GIVEN, progress=False)
    assert capsys.readouterr() == ("", "")


def test_lines_where_it_is_no_terminal(tmp_path, capsys):
    op.sweep(tmp_path / "a.study", **GIVEN, progress=True)
    output, errors = capsys.readouterr()
    assert output == ""
    assert "4 of 4 trials saved" in errors.splitlines()[-1]


def test_a_function_is_told(tmp_path):
    told = []
    op.sweep(tmp_path / "a.study", **GIVEN, progress=told.append)
    assert (told[-1].saved, told[-1].total) == (4, 4)
    assert sum(len(each.rows) for each in told) == 4


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")
@pytest.mark.parametrize("wanted", [None, True, False])
def test_a_terminal_shows_the_diagram(tmp_path, wanted):
    ours, theirs = os.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-c", script(wanted)],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "30"},
            timeout=120,
        )
        os.close(theirs)
        theirs = None
        seen = b""
        try:
            while part := os.read(ours, 65536):
                seen += part
        except OSError:  # Linux raises it when the other end is closed
            pass
    finally:
        for end in (ours, theirs):
            if end is not None:
                os.close(end)
    assert (done.returncode, done.stdout) == (0, b"")
    assert (b"4 of 4 trials saved" in seen) is (wanted is not False)
    assert bool(seen) is (wanted is not False)


@pytest.mark.parametrize("wanted", [None, False])
def test_a_notebook_shows_the_diagram_in_one_cell(tmp_path, wanted):
    nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed")
    pytest.importorskip("ipykernel", reason="ipykernel is not installed")
    import nbformat

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(script(wanted) + "\nNone")])
    nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = book.cells[0].outputs
    if wanted is False:
        assert outputs == []
        return
    [only] = outputs
    html = only["data"]["text/html"]
    assert html.count("<svg") == 1
    assert "k = 2, d = 2" in html
    assert "4 of 4 trials saved" in html
