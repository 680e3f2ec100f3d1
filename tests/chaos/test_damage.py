"""Random damage to a closed study: it gives the same numbers or is refused; intact rows can be salvaged."""

import sqlite3
from contextlib import closing

import pytest

from overparam.studies import NotAStudy, load_study, salvage
from tests.studies.damage import flip, what_it_says

pytestmark = pytest.mark.chaos


def flipped_once(content, chance):
    return flip(content, chance.randrange(8 * len(content)))


def flipped_often(content, chance):
    for _ in range(chance.randrange(2, 50)):
        content = flipped_once(content, chance)
    return content


def cut(content, chance):
    return content[: chance.randrange(len(content))]


def cut_and_filled(content, chance):
    return cut(content, chance).ljust(len(content), b"\0")


def noise(content, chance):
    start, width = chance.randrange(len(content)), chance.choice([1, 4, 100, 512, 4096])
    return content[:start] + chance.randbytes(width) + content[start + width :]


def pages_swapped(content, chance):
    pages = [content[start : start + 4096] for start in range(0, len(content), 4096)]
    one, other = chance.randrange(len(pages)), chance.randrange(len(pages))
    pages[one], pages[other] = pages[other], pages[one]
    return b"".join(pages)


def page_of_before(content, chance):
    """Replace a page by another one, as if an older page had never been overwritten."""
    start = 4096 * chance.randrange(len(content) // 4096)
    older = 4096 * chance.randrange(len(content) // 4096)
    return content[:start] + content[older : older + 4096] + content[start + 4096 :]


@pytest.mark.parametrize(
    "harm",
    [flipped_once, flipped_often, cut, cut_and_filled, noise, pages_swapped, page_of_before],
    ids=lambda harm: harm.__name__,
)
def test_the_same_numbers_or_a_refusal(tmp_path, whole, attacks, harm):
    content, expected = whole.read_bytes(), what_it_says(whole)
    trials = set(load_study(whole))
    for number, chance in enumerate(attacks(3, 2.0 if harm is flipped_once else 1.0)):
        path, target = tmp_path / "a.study", tmp_path / f"{number}.study"
        path.write_bytes(harm(content, chance))
        found = what_it_says(path)
        assert found in (None, expected)
        try:
            kept = salvage(path, target)
        except NotAStudy:
            continue
        rows = load_study(target).rows()
        assert set(rows) <= trials
        assert kept.kept == len(rows) == len(trials) or found is None
        target.unlink()


def test_a_value_changed_by_sql_is_found(tmp_path, whole, attacks):
    """Any value of any table is changed; the database itself stays valid."""
    content, expected = whole.read_bytes(), what_it_says(whole)
    for chance in attacks(5):
        path = tmp_path / "a.study"
        path.write_bytes(content)
        with closing(sqlite3.connect(path)) as connection:
            table = chance.choice(["trial", "tally", "cell", "session", "specification", "meta", "mark"])
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            keys = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
            column = chance.choice(columns)
            rows = connection.execute(f"SELECT {', '.join(keys)}, {column} FROM {table}").fetchall()
            *key, before = chance.choice(rows)
            after = chance.choice([7, 7.5, "7", b"7", f"{before}7"])
            where = " AND ".join(f"{name} = ?" for name in keys)
            try:
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE {where}", [after, *key])
                if chance.random() < 0.2:
                    connection.execute(f"DELETE FROM {table} WHERE {where}", key)
            except sqlite3.IntegrityError:
                continue
            connection.commit()
        assert what_it_says(path) in (None, expected)
