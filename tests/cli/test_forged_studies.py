"""Forged studies, and files of other programs: every command ends with exit code 2 and one sentence."""

import json
import os
import random
import socket
import sqlite3
from contextlib import closing

import pytest

from tests.cli.conftest import SMALL
from tests.studies.damage import change, reseal

COMMANDS = {
    "status": ("status", "b.study"),
    "status --json": ("status", "b.study", "--json"),
    "plot": ("plot", "b.study", "-o", "b.svg"),
    "export": ("export", "b.study", "-o", "b.csv"),
    "merge": ("merge", "b.study", "-o", "m.study"),
    "sweep": ("-q", "sweep", *SMALL, "--study", "b.study"),
    "dry run": ("-q", "sweep", *SMALL, "--study", "b.study", "--dry-run"),
}
ENDLESS = "WITH RECURSIVE endless(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM endless)"
ROW = "x AS n, x AS k, x AS d, x AS trial, 'converged' AS status, 1 AS success"

SCHEMAS = {
    "endless view of trials": [
        "DROP TABLE trial",
        f"CREATE VIEW trial AS {ENDLESS} SELECT {ROW} FROM endless",
    ],
    "endless view of tallies": [
        "DROP TABLE tally",
        f"CREATE VIEW tally AS {ENDLESS} SELECT {ROW} FROM endless",
    ],
    "endless view of the mark": ["DROP TABLE mark", f"CREATE VIEW mark AS {ENDLESS} SELECT x FROM endless"],
    "one more view": [f"CREATE VIEW other AS {ENDLESS} SELECT x FROM endless"],
    "trigger": ["CREATE TRIGGER t AFTER INSERT ON trial BEGIN DELETE FROM trial; END"],
    "index": ["CREATE INDEX i ON trial (status)"],
    "virtual table": ["DROP TABLE meta", "CREATE VIRTUAL TABLE meta USING fts5(name, value, checksum)"],
    "one more column": ["ALTER TABLE trial ADD COLUMN more TEXT"],
    "generated column": ["ALTER TABLE cell ADD COLUMN more AS (n * 2)"],
    **{
        f"no {table}": [f"DROP TABLE {table}"]
        for table in ("trial", "tally", "cell", "session", "meta", "specification", "mark")
    },
    "format 0": ["PRAGMA user_version = 0"],
    "negative format": ["PRAGMA user_version = -4"],
    "format 3 with the tables of 4": ["PRAGMA user_version = 3"],
}
VALUES = {
    "no specification": ["DELETE FROM specification"],
    "blob for a message": ["UPDATE trial SET message = x'00'"],
    "text for a number": ["UPDATE cell SET trials = 'many'"],
    "blob for a text": ["UPDATE session SET environment = x'00ff'"],
    "blob for a value": ["UPDATE specification SET value = x'ff'"],
    "not UTF-8": ["UPDATE meta SET value = CAST(x'ff' AS TEXT)"],
    "not JSON": ["UPDATE specification SET value = '{' WHERE name = 'seed'"],
    "list": ["UPDATE specification SET value = '[1]' WHERE name = 'seed'"],
    "NaN": ["UPDATE specification SET value = 'NaN' WHERE name = 'tolerance'"],
    "deep JSON": [f"UPDATE specification SET value = '{'[' * 5000}' WHERE name = 'seed'"],
    "deep session": [f"UPDATE session SET environment = '{'[' * 5000}'"],
    "session that is no table": ["UPDATE session SET environment = '3'"],
    "shard": ["INSERT OR REPLACE INTO meta VALUES ('shard', '3/2', 0)"],
    "shard that is no text": ["INSERT OR REPLACE INTO meta VALUES ('shard', 'x', 0)"],
    "negative count": ["UPDATE cell SET trials = -5"],
    "huge count": ["UPDATE cell SET trials = 9223372036854775807"],
    "huge residual": ["UPDATE trial SET relative_residual = 9e999"],
    "text in a trial": ["UPDATE trial SET iterations = 'many'"],
    "blob in a trial": ["UPDATE trial SET status = x'00'"],
    "success of 7": ["UPDATE trial SET success = 7"],
    "other status": ["UPDATE trial SET status = 'a' || char(27) || 'b'", "DELETE FROM tally"],
    "no session": ["DELETE FROM session"],
    "more tallied": ["UPDATE tally SET trials = trials + 1"],
}


def check_refused(overparam, tmp_path):
    (tmp_path / "b.csv").write_text("before")
    for name, command in COMMANDS.items():
        call = overparam(*command)
        said = " ".join(call.errors.split())
        assert call.code == 2, (name, call.code, said)
        assert "b.study" in said
        assert "unexpected" not in said
        assert "Traceback" not in said
        assert call.output == ""
    assert (tmp_path / "b.csv").read_text() == "before"
    assert not (tmp_path / "m.study").exists()


@pytest.mark.parametrize("kind", SCHEMAS)
def test_tables_are_ours_or_the_file_is_refused(overparam, study, tmp_path, kind):
    study.rename(tmp_path / "b.study")
    change(tmp_path / "b.study", *SCHEMAS[kind])
    check_refused(overparam, tmp_path)


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("kind", VALUES)
def test_values_are_ours_or_the_file_is_refused(overparam, study, tmp_path, kind, sealed):
    study.rename(tmp_path / "b.study")
    change(tmp_path / "b.study", *VALUES[kind])
    if sealed:
        try:
            reseal(tmp_path / "b.study")
        except sqlite3.Error:
            pytest.skip("no checksum can be computed for this forgery")
    if kind == "no specification" and sealed:
        # A study that was killed before its specification was written: empty, but not forged.
        assert overparam("status", "b.study").code == 0
        return
    check_refused(overparam, tmp_path)


def test_a_schema_that_is_no_schema(overparam, study, tmp_path):
    path = tmp_path / "b.study"
    study.rename(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = 'CREATE TABLE' WHERE name = 'trial'")
        connection.commit()
    check_refused(overparam, tmp_path)


def make_pipe(path):
    os.mkfifo(path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.path.relpath(path))


def make_device(path):
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [make_pipe, make_socket, make_device])
def test_what_is_no_file_makes_no_command_wait(overparam, study, tmp_path, make):
    make(tmp_path / "b.study")
    make(tmp_path / "x.npy")
    make(tmp_path / "s.toml")
    make(tmp_path / "out.svg")
    make(tmp_path / "out.csv")
    make(tmp_path / "out.npz")
    check = [
        *COMMANDS.values(),
        ("salvage", "b.study", "-o", "new.study"),
        ("train", "--data", "file:path=x.npy"),
        ("-q", "sweep", *SMALL, "--data", "file:path=x.npy", "--study", "n.study"),
        ("sweep", "s.toml"),
        ("plot", study, "-o", "out.svg"),
        ("export", study, "-o", "out.csv"),
        ("merge", study, "-o", "b.study"),
        ("train", "--max-iterations", 2, "--output", "out.npz"),
        ("train", "--max-iterations", 2, "--plot", "out.svg"),
        ("certify", "--max-iterations", 2, "--plot", "out.svg"),
    ]
    for command in check:
        call = overparam(*command)
        assert call.code == 2, (command, call.errors)
        assert any(word in call.errors for word in ("named pipe", "socket", "device")), (command, call.errors)


ODD = "relu\x1b[2J\x1b]0;owned\x07\u202eevil\u2066\x9b\u200b\r\n"


def test_nothing_in_a_study_reaches_the_terminal(overparam, study, tmp_path):
    path = tmp_path / "b.study"
    study.rename(path)
    odd = json_text(ODD)
    change(path, f"UPDATE specification SET value = '{odd}' WHERE name = 'activation'")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT OR REPLACE INTO meta VALUES ('sweep_file', ?, 0)", [f"# {ODD}\nversion = 1\n\tx"]
        )
        connection.commit()
    reseal(path)
    for command, code in ((("status", path), 0), (("status", path, "--json"), 0), (COMMANDS["sweep"], 2)):
        call = overparam(*command)
        assert call.code == code
        shown = call.output + call.errors
        assert "owned" in shown
        assert not set(shown) & set(ODD) - set("relu[2J]0;ownedevil\n ")
    assert overparam("status", path, "--json").document["specification"]["activation"] == ODD
    assert "\nversion = 1\n\tx" in overparam("status", path).output
    assert "\\u202e" in overparam("status", path).output
    assert overparam("plot", path, "-o", "b.svg").code == 0


def json_text(text):
    return json.dumps(text).replace("'", "''")


def test_a_formula_in_a_name_is_no_formula(overparam, study, tmp_path):
    change(study, """UPDATE specification SET value = '"$\\frac{$"' WHERE name = 'activation'""")
    reseal(study)
    call = overparam("plot", study, "-o", "a.svg")
    assert (call.code, call.errors) == (0, "a.svg: n = 12 drawn\n")


def test_random_bytes_with_the_head_of_a_study(overparam, study, tmp_path):
    content, chance = study.read_bytes(), random.Random(0)
    for _ in range(10):
        forged = bytearray(content[:4096])
        forged += chance.randbytes(len(content) - 4096)
        (tmp_path / "b.study").write_bytes(forged)
        check_refused(overparam, tmp_path)
