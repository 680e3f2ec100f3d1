"""``overparam sweep --design``: the search for the boundary, from the command line, a file and Python."""

import json
import math
import shutil

import pytest
from click.testing import CliRunner

import overparam as op
from overparam.cli.main import main
from overparam.studies import crossings, load_study
from tests.cli.conftest import Result

WHAT = (
    "--n",
    20,
    "--max-iterations",
    400,
    "--tolerance",
    0.3,
    "--optimizer",
    "gd:step_size=0.15",
    "--study",
    "b.study",
)
DESIGN = ("--design", "boundary:error=0.15,trials=30")
KEYS = {"n", "d", "k", "k_low", "k_high", "effective_ratio", "effective_ratio_low", "effective_ratio_high"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The output of a search with real training, and its study."""
    path = tmp_path_factory.mktemp("search") / "b.study"
    arguments = ("-q", "sweep", *WHAT[:-1], path, "--d", "10,14", *DESIGN)
    call = Result(CliRunner().invoke(main, [str(each) for each in arguments]))
    assert call.code == 0, call.errors
    return call.output, path


@pytest.fixture
def searched(finished, overparam, tmp_path):
    """The output of the search, and a copy of its study in the current folder."""
    output, path = finished
    return output, shutil.copy(path, tmp_path)


def test_it_ends_with_the_boundary_of_every_d(searched):
    output, path = searched
    assert "design boundary:error=0.15,trials=30: " in output
    assert "finished" in output
    found = crossings(load_study(path))
    assert [(each.n, each.d) for each in found] == [(20, 10), (20, 14)]
    for each in found:
        assert 20 / each.d < each.k < 200 / each.d
        assert each.standard_error < 0.15 or each.trials == 30


def test_status_says_how_far_it_is(searched, overparam):
    document = overparam("status", "b.study", "--json").document
    design = document["design"]
    assert (design["design"], design["distribution"]) == ("boundary:error=0.15,trials=30", "overparam")
    assert design["finished"] is True
    assert design["rounds"] >= 2
    assert all({*each} >= KEYS for each in design["boundaries"])
    assert sum(each["trials"] for each in design["boundaries"]) == document["done"]
    text = overparam("status", "b.study").output
    assert "std. error of log k" in text


def test_a_grid_has_no_design_to_tell_of(overparam, study):
    assert overparam("status", study, "--json").document["design"] is None
    assert "std. error" not in overparam("status", study).output


def test_the_other_commands_take_its_study(searched, overparam, tmp_path):
    assert overparam("export", "b.study", "-o", "a.csv").code == 0
    assert overparam("plot", "b.study", "-o", "a.png").code == 0
    assert overparam("merge", "b.study", "-o", "c.study").code == 0
    assert load_study("c.study").plan == load_study("b.study").plan
    again = overparam("sweep", *WHAT, "--d", "10,14", *DESIGN, "--json").document
    assert again["done"] == len((tmp_path / "a.csv").read_text().splitlines()) - 1


def test_python_and_a_file_train_the_same_trials(searched, overparam, tmp_path):
    def rows(path):
        return [row._replace(seconds=0.0) for row in load_study(path).rows()]

    op.sweep(
        "p.study",
        n=20,
        d=[10, 14],
        max_iterations=400,
        tolerance=0.3,
        optimizer="gd:step_size=0.15",
        design="boundary:error=0.15,trials=30",
    )
    assert rows("p.study") == rows("b.study")
    (tmp_path / "s.toml").write_text(
        'version = 1\nn = 20\nd = [10, 14]\ndesign = "boundary:error=0.15,trials=30"\n'
        'max_iterations = 400\ntolerance = 0.3\noptimizer = "gd:step_size=0.15"\nstudy = "f.study"\n'
    )
    assert overparam("-q", "sweep", "s.toml").code == 0
    assert rows("f.study") == rows("b.study")


def test_widths_are_limits_wherever_they_are_given(overparam, tmp_path):
    assert overparam("-q", "sweep", *WHAT, "--d", 10, "--k", "2:4", *DESIGN).code == 0
    assert {row.k for row in load_study("b.study")} <= {2, 4}
    (tmp_path / "s.toml").write_text(
        'version = 1\nn = 20\ndesign = "boundary:trials=4"\nmax_iterations = 50\nstudy = "f.study"\n'
        "[[grid]]\nd = 10\nk = [2, 6]\n"
    )
    assert overparam("-q", "sweep", "s.toml").code == 0
    assert {row.k for row in load_study("f.study")} <= {2, 4, 6}


def test_a_search_goes_on_with_nothing_said_but_its_study(searched, overparam):
    study = load_study("b.study")
    plan, number = study.plan, len(study.rows())
    again = overparam("sweep", "--study", "b.study", "--json")
    assert "is resumed with its own" in again.errors
    assert "design overparam/boundary" not in again.errors
    assert "boundary:error=0.15,trials=30" in again.errors
    assert study.plan == plan
    assert again.document["done"] == number
    tighter = overparam("-q", "sweep", "--study", "b.study", "--design", "boundary:error=0.1,trials=60")
    assert tighter.code == 0, tighter.errors
    assert len(study.rows()) > number
    assert study.plan.columns == plan.columns == {(20, 10): (1, None), (20, 14): (1, None)}


def test_its_limits_and_its_columns_are_its_own(overparam):
    assert overparam("-q", "sweep", *WHAT, "--d", 10, "--k", "2:4", *DESIGN).code == 0
    assert overparam("-q", "sweep", "--study", "b.study", "--d", "14").code == 0
    study = load_study("b.study")
    assert study.plan.columns == {(20, 14): (2, 4)}
    assert {(row.d, row.k) for row in study} <= {(10, 2), (10, 4), (14, 2), (14, 4)}


def test_n_and_d_may_stand_side_by_side(overparam):
    pairs = ("--combine", "zip", "--n", "20,30", "--d", "10,14", *WHAT[2:], *DESIGN)
    assert overparam("-q", "sweep", *pairs, "--k", "2:60").code == 0
    study = load_study("b.study")
    assert study.plan.columns == {(20, 10): (2, 60), (30, 14): (2, 60)}
    assert (
        overparam("-q", "sweep", *pairs[:-2], "--design", "boundary:error=0.3", "--study", "c.study").code
        == 0
    )
    assert load_study("c.study").plan.columns == {(20, 10): (1, None), (30, 14): (1, None)}


def test_a_searched_study_becomes_a_grid_where_that_is_said(searched, overparam):
    cells = load_study("b.study").cells()
    call = overparam("-q", "sweep", "--study", "b.study", "--trials", 5)
    assert call.code == 2
    assert "trials are for grids" in call.errors
    assert overparam("-q", "sweep", "--study", "b.study", "--trials", 5, "--design", "grid").code == 0
    assert load_study("b.study").cells() == {cell: max(5, trials) for cell, trials in cells.items()}


def test_a_dry_run_trains_nothing(overparam, tmp_path):
    document = overparam("sweep", *WHAT, "--d", "10,14", *DESIGN, "--dry-run", "--json").document
    assert document["done"] == 0
    assert 4 <= document["left"] <= 60
    assert math.isfinite(document["seconds"])
    assert not (tmp_path / "b.study").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((*DESIGN, "--trials", 5), "trials are for grids"),
        ((*DESIGN, "--shard", "1/2"), "cannot be sharded"),
        ((*DESIGN, "--k", "3"), "no k from 3 to 3 can be chosen"),
        (("--design", "boundry"), "did you mean 'boundary'"),
        (("--design", "boundary:error=0"), "error must be a positive number"),
    ],
)
def test_what_cannot_be_is_one_line_and_2(overparam, options, said):
    call = overparam("sweep", *WHAT, "--d", 10, *options)
    assert call.code == 2
    assert said in call.errors


def test_a_forged_design_is_refused(searched, overparam):
    import sqlite3

    from overparam.studies.schema import contents
    from overparam.studies.seals import Mark, seal

    with sqlite3.connect("b.study", isolation_level=None) as connection:
        for text in (json.dumps({"design": 1}), "[" * 100_000, "{"):
            connection.execute(
                "UPDATE meta SET value = ?, checksum = ? WHERE name = 'design'",
                [text, seal("meta", "design", text)],
            )
            mark = Mark.unpack(connection.execute("SELECT value FROM mark").fetchone()[0])
            mark = mark._replace(contents=contents(connection))
            connection.execute("UPDATE mark SET value = ?", [mark.pack()])
            call = overparam("status", "b.study")
            assert call.code == 2
            assert "damaged (its design" in call.errors
    connection.close()
