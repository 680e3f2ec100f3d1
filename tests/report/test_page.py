"""The report's file: its numbers, its size, its requests, and the commands and sessions that it reports."""

import base64
import hashlib
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import overparam as op
from overparam.report import Claim, Refresher
from overparam.report.citation import PAPER, PROGRAM
from overparam.report.numbers import LETTERS
from overparam.studies import Cell, Grid, export_study, load_study
from tests.report.studies import grid_of, make_study

pytest.importorskip("jinja2", reason="the report extra is not installed")

ROOT = Path(__file__).parents[2]


class Elements(HTMLParser):
    """All elements of a page with their attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def numbers_of(path):
    text = path.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="numbers">(.*?)</script>', text, re.DOTALL)
    return json.loads(found[1])


@pytest.fixture
def written(tmp_path):
    make_study(tmp_path / "a.study", grid_of())
    written = op.write_report(tmp_path / "a.study", tmp_path / "r.html", curves=0)
    return tmp_path / "a.study", tmp_path / "r.html", written


def test_the_numbers_are_those_of_the_export(written, tmp_path):
    study, page, said = written
    assert said.size == page.stat().st_size
    export_study(load_study(study), tmp_path / "a.json")
    exported = json.loads((tmp_path / "a.json").read_text())
    [panel] = numbers_of(page)["panels"]
    listed = 0
    for place, trials in panel["listed"].items():
        k, d = panel["k"][int(place) // len(panel["d"])], panel["d"][int(place) % len(panel["d"])]
        rows = [one for one in exported if (one["k"], one["d"]) == (k, d)]
        listed += len(rows)
        for name, column in (
            ("updates", "iterations"),
            ("measure", "relative_residual"),
            ("distance", "distance_from_initialization"),
        ):
            values = trials[name] if isinstance(trials[name], list) else [trials[name]] * len(rows)
            stored = [one[column] for one in rows]
            if name != "updates":
                stored = [None if value is None else float(f"{value:.4g}") for value in stored]
            assert values == stored
        assert [LETTERS[one["status"]] for one in rows] == list(trials["status"].lower())
        # Capital letters mark successes.
        assert [letter.isupper() for letter in trials["status"]] == [
            one["status"] == "converged" for one in rows
        ]
    assert listed == len(exported)


def test_cells_have_their_counts_intervals_and_medians(written):
    study, page, _ = written
    [panel] = numbers_of(page)["panels"]
    loaded = load_study(study)
    cells = panel["cells"]
    for place, status in enumerate(loaded.cell_statuses()):
        here = (panel["k"].index(status.k)) * len(panel["d"]) + panel["d"].index(status.d)
        assert here == place
        assert (cells["trials"][here], cells["successes"][here]) == (status.trials, status.successes)
        interval = panel["intervals"][f"{status.successes}/{status.trials}"]
        assert interval == [round(status.low, 4), round(status.high, 4)]
        rows = sorted(row.iterations for row in loaded if (row.k, row.d) == (status.k, status.d))
        assert cells["updates"][here] == rows[len(rows) // 2]
        units = panel["units"][panel["k"].index(status.k)] * panel["per_unit"][panel["d"].index(status.d)]
        assert units == 2 * (status.k // 2) * status.d
    ended = {status: sum(counts) for status, counts in cells["ended"].items()}
    assert ended == {status: count for status, count in loaded.status().items() if status in ended}
    assert set(ended) == {"converged", "diverged", "budget_exhausted"}


def test_it_asks_for_nothing_and_runs_its_own_script_only(written):
    _, page, _ = written
    text = page.read_text(encoding="utf-8")
    elements = Elements(text)
    for tag, attributes in elements.found:
        assert tag not in ("img", "iframe", "object", "embed", "form", "base", "audio", "video")
        assert not any(name.startswith("on") or name in ("src", "style", "srcset") for name in attributes)
        if "href" in attributes:
            outside = not attributes["href"].startswith(("#", "data:,"))
            assert not outside or (tag == "a" and attributes["href"] == PAPER["url"])
    [policy] = [a["content"] for _, a in elements.found if a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert (rules["default-src"], rules["base-uri"], rules["form-action"]) == ("'none'",) * 3
    for rule, tag in (("script-src", "script"), ("style-src", "style")):
        [source] = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


def test_where_it_ran_is_told_and_on_which_machine_is_not(written):
    text = written[1].read_text(encoding="utf-8")
    assert "2026-01-02 03:04:05" in text
    assert "3.11.0, 2.1.0" in text
    assert "secret-host" not in text
    assert "4711" not in text


def test_four_diagrams_of_25_by_25_are_under_a_megabyte(tmp_path):
    grid = grid_of(k=range(1, 26), d=range(1, 26), trials=10, n=(100,))
    paths = [make_study(tmp_path / f"fig{letter}.study", grid) for letter in "abcd"]
    said = op.write_report(paths, tmp_path / "r.html", curves=0)
    assert said.diagrams == 4
    assert said.size < 1_000_000
    assert sum(len(panel["listed"]) for panel in numbers_of(tmp_path / "r.html")["panels"]) == 2500


GRIDS = [
    grid_of(),
    Grid.of([Cell(5, 3, 2), Cell(5, 4, 2), Cell(5, 3, 7), Cell(9, 3, 2)], trials=3),
    Grid.each({Cell(5, k, d): 1 + (k > 2) for k in (1, 2, 3, 7) for d in (1, 2, 4)}),
]


@pytest.mark.parametrize("grid", GRIDS, ids=["product", "scattered", "own trials"])
def test_its_commands_make_the_same_study(tmp_path, monkeypatch, grid):
    from overparam.report.commands import commands_of

    def short(cell, trial):
        from tests.report.studies import row

        return row(cell, trial)

    description = {"max_iterations": 2, "seed": 3, "tolerance": 0.125, "optimizer": "gd:step_size=0.1"}
    make_study(tmp_path / "it's.study", grid, description=description, rows=short)
    first = load_study(tmp_path / "it's.study")
    again = tmp_path / "again"
    again.mkdir()
    monkeypatch.chdir(again)
    from shlex import split

    from click.testing import CliRunner

    from overparam.cli.main import main

    for command in commands_of(first):
        program, *arguments = split(command)
        assert program == "overparam"
        result = CliRunner().invoke(main, ["-q", *arguments, "--json"])
        assert result.exit_code == 0, result.output + result.stderr
    second = load_study("it's.study")
    assert second.cells() == first.cells()
    assert second.specification == first.specification


def test_the_command_of_a_search_has_its_design(tmp_path):
    from overparam.report.commands import commands_of

    asked = {"n": 6, "d": [2, 3], "k": "2:8", "design": "boundary:error=0.5", "max_iterations": 5}
    study = op.sweep(tmp_path / "b.study", progress=False, **asked)
    [command] = commands_of(study)
    assert "--n 6 --k 2,8 --d 2,3 --design boundary:error=0.5" in command
    assert "--trials" not in command
    op.write_report(study, tmp_path / "r.html", curves=0)
    assert "boundary:error=0.5" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_runs_on_both_sides_of_the_boundary_are_replayed_beside_the_prediction(tmp_path):
    study = op.sweep(
        tmp_path / "a.study",
        n=10,
        k="2:12:2",
        d=5,
        trials=3,
        optimizer="gd:step_size=0.15",
        max_iterations=3000,
        tolerance=0.05,
        progress=False,
    )
    said = study.report(tmp_path / "r.html", curves=2)
    assert (said.runs, list(said.notes)) == (2, [])
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert text.count("Equal to the stored trial.") == 2
    assert text.count("Dashed: linearized at W₀") == 2
    assert 'class="series success' in text
    assert 'class="series failure' in text


def test_a_study_whose_components_are_not_here_is_reported_without_runs(tmp_path):
    make_study(tmp_path / "a.study", grid_of(), description={"activation": "nobodys"})
    said = op.write_report(tmp_path / "a.study", tmp_path / "r.html", curves=3)
    assert said.runs == 0
    assert "nobodys" in said.notes[0]


def test_claims_are_drawn_where_they_are_about(tmp_path):
    make_study(tmp_path / "a.study", grid_of(n=(20, 30)))
    made_up = [
        Claim("one", "k = 40/d", "a book", "exact", [(d, 40 / d) for d in range(1, 9)]),
        Claim("two", "k = 60/d", "a talk", "conjecture", [(d, 60 / d) for d in range(1, 9)], n=30),
    ]
    op.write_report(tmp_path / "a.study", tmp_path / "r.html", curves=0, claims=made_up)
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert text.count('<g class="layer exact" data-layer="exact">') == 2
    assert text.count('<g class="layer conjecture" data-layer="conjecture">') == 1
    assert 'data-toggle="exact"' in text
    assert 'data-toggle="order"' not in text
    with pytest.raises(ValueError, match="a claim's kind is one of exact, order"):
        Claim("three", "", "", "rumour", [])


def test_without_jinja2_one_line_says_what_to_install(tmp_path, monkeypatch):
    make_study(tmp_path / "a.study", grid_of())
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ImportError, match=r"pip install 'overparam\[report\]'"):
        op.write_report(tmp_path / "a.study", tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


def test_the_citation_is_that_of_the_file():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    for value in (PROGRAM["title"], PROGRAM["author"], PAPER["title"], PAPER["year"], PAPER["url"]):
        assert value in text
    for author in PAPER["author"].split(" and "):
        given, family = author.split()
        assert f"- family-names: {family}\n        given-names: {given}" in text


def test_a_report_is_refreshed_now_and_then(monkeypatch):
    clock, written = [100.0], []

    def write():
        written.append(clock[0])
        clock[0] += 2.0

    monkeypatch.setattr("overparam.report.write.time.monotonic", lambda: clock[0])
    refresh = Refresher(write, seconds=5.0)
    assert refresh()
    clock[0] = 121.9  # the last report took 2 s, so the next one may begin 20 s after its end
    assert not refresh()
    clock[0] = 122.0
    assert refresh()
    assert written == [100.0, 122.0]
