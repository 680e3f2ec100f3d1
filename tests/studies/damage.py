"""Ways to damage a study: a flipped bit, a changed value with or without its checksum, a forgery."""

import sqlite3
from contextlib import closing

from overparam.studies import StudyError, load_study
from overparam.studies.integrity import TABLES
from overparam.studies.schema import COLUMNS, totals
from overparam.studies.seals import Mark, seal, seal_trial
from tests.sweeps.fakes import comparable


def flip(content, bit):
    """The bytes with one bit changed."""
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def change(path, *statements):
    """Change a study's tables by SQL: damage that leaves a valid database."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def what_it_says(path):
    """All numbers of a study that a user can see; None if the study is refused in one line."""
    try:
        study = load_study(path)
        status = study.status()
        return (
            tuple(comparable(study)),
            tuple(sorted(study.specification.items())),
            tuple(study.cells().items()),
            tuple(study.cell_statuses()),
            tuple(study.numbered_sessions()),
            *(status[name] for name in ("trials", "done", "failed", "updates", "training_seconds", "shard")),
        )
    except StudyError as error:
        if "\n" in str(error):
            raise AssertionError("the refusal has more than one line") from error
        return None


def reseal(path, *, tallied=False):
    """Give every row of a forged study the checksum that fits it; compute the tallies again if `tallied`."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        _reseal_trials(connection)
        if tallied:
            connection.execute("DELETE FROM tally")
            connection.execute(
                "INSERT INTO tally SELECT n, k, d, status, count(*), sum(success), sum(iterations), "
                "sum(seconds), sum(checksum), 0 FROM trial GROUP BY n, k, d, status"
            )
        for table, columns in TABLES.items():
            names = [column.split()[0] for column in columns]
            rows = connection.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall()
            connection.execute(f"DELETE FROM {table}")
            places = ", ".join("?" * (len(names) + 1))
            for row in rows:
                connection.execute(f"INSERT INTO {table} VALUES ({places})", (*row, seal(table, *row)))
        mark = Mark.unpack(connection.execute("SELECT value FROM mark").fetchone()[0])
        sessions, tallies, sums = totals(connection)
        mark = mark._replace(sessions=sessions, tallies=tallies, contents=sums)
        connection.execute("UPDATE mark SET value = ?", [mark.pack()])
        connection.execute("COMMIT")


def _reseal_trials(connection):
    rows = connection.execute(f"SELECT {', '.join(COLUMNS)}, session FROM trial").fetchall()
    connection.execute("DELETE FROM trial")
    for row in rows:
        values = (*row, seal_trial(row) or 0)
        connection.execute(f"INSERT INTO trial VALUES ({', '.join('?' * 15)})", values)
