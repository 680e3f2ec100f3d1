"""Messages of plot, export, merge and salvage about what they wrote; tables on standard output."""

import csv
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys

import pytest

from overparam.studies import EXPORTED, load_study

TRIALS = 20  # of the fixture's grid


def test_the_table_on_standard_output_is_the_files(overparam, study):
    call = overparam("export", study, "-o", "-")
    assert (call.code, call.errors) == (0, f"standard output: {TRIALS} trials written\n")
    assert overparam("export", study, "-o", "a.csv").errors == f"a.csv: {TRIALS} trials written\n"
    assert call.output == (study.parent / "a.csv").read_text()
    assert len(list(csv.DictReader(io.StringIO(call.output)))) == TRIALS


def test_json_on_standard_output_is_the_table(overparam, study):
    call = overparam("export", study, "-o", "-", "--json")
    assert overparam("-q", "export", study, "-o", "a.json").errors == ""
    assert call.document == json.loads((study.parent / "a.json").read_text())
    assert len(call.document) == TRIALS
    assert call.errors == f"standard output: {TRIALS} trials written\n"


def test_documents_say_what_was_written(overparam, study):
    call = overparam("export", study, "-o", "a.csv", "--json")
    assert call.document == {
        "command": "export",
        "study": str(study),
        "output": "a.csv",
        "trials": TRIALS,
        "columns": list(EXPORTED),
    }
    assert call.errors == f"a.csv: {TRIALS} trials written\n"
    call = overparam("merge", study, "-o", "b.study", "--json")
    assert call.document == {
        "command": "merge",
        "studies": [str(study)],
        "output": "b.study",
        "trials": TRIALS,
    }
    assert call.errors == f"b.study: {TRIALS} trials added\n"
    assert overparam("merge", study, "-o", "b.study", "--json").document["trials"] == 0
    call = overparam("salvage", study, "-o", "c.study", "--json")
    assert (call.document["kept"], call.document["output"]) == (TRIALS, "c.study")
    assert len(load_study("c.study").rows()) == len(load_study("b.study").rows()) == TRIALS


def test_a_picture_is_said(overparam, study):
    pytest.importorskip("matplotlib", reason="the plot extra is not installed")
    call = overparam("plot", study, "-o", "a.svg")
    assert (call.code, call.output, call.errors) == (0, "", "a.svg: n = 12 drawn\n")
    call = overparam("plot", study, "-o", "a.svg", "--json", "-q")
    assert call.document == {"command": "plot", "study": str(study), "output": "a.svg", "n": [12]}
    assert call.errors == ""


@pytest.mark.parametrize("checked", [0, 1 << 26])
def test_a_damaged_study_is_no_table(overparam, study, monkeypatch, checked):
    """If the study is too large to be checked first, the damage is found when its rows are written."""
    with sqlite3.connect(study) as connection:
        connection.execute("UPDATE trial SET path_length = path_length + 1 WHERE k = 4 AND d = 3")
    connection.close()
    monkeypatch.setattr("overparam.studies.connect._CHECKED_WHOLE", checked)
    call = overparam("export", study, "-o", "-")
    assert call.code == 2
    assert (call.output == "") == bool(checked)
    assert f"{study} is damaged" in call.errors
    assert "written" not in call.errors


def as_process(*arguments, **given):
    return subprocess.run(
        [sys.executable, "-m", "overparam", *map(str, arguments)],
        stderr=subprocess.PIPE,
        timeout=120,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **given,
    )


def test_a_full_disk_is_one_line(study):
    with open("/dev/full", "w") as full:
        done = as_process("export", study, "-o", "-", stdout=full)
    assert (done.returncode, done.stderr) == (1, b"Error: standard output: No space left on device\n")


def test_a_reader_that_leaves_has_all_it_wanted(overparam, tmp_path):
    small = ("--n", 3, "--k", "1:20", "--d", "1:20", "--trials", 3, "--max-iterations", 1)
    assert overparam("-q", "sweep", *small, "--study", "long.study").code == 0
    reading, writing = os.pipe()
    os.close(reading)
    done = as_process("export", tmp_path / "long.study", "-o", "-", stdout=writing)
    os.close(writing)
    assert b"Traceback" not in done.stderr
    assert b"written" not in done.stderr


def test_a_process_writes_the_table_alone(study):
    done = as_process("export", study, "-o", "-", stdout=subprocess.PIPE)
    assert done.returncode == 0
    assert len(list(csv.DictReader(io.StringIO(done.stdout.decode())))) == TRIALS
