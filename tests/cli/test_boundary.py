"""``overparam boundary``: the table, the exponents, the figures and the errors."""

import csv
import json
import shutil

import pytest

from overparam.studies import Grid, load_study
from overparam.sweeps import run_sweep
from tests.sweeps.fakes import Rising, execution, specification

ROW = {"study", "n", "d", "k", "k_low", "k_high", "effective_ratio", "trials", "updates"}
EXPONENTS = {"study", "alpha", "alpha_low", "alpha_high", "beta", "beta_low", "beta_high", "cells", "method"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A study whose trials succeed half of the time at kd = 1.5n."""
    path = tmp_path_factory.mktemp("risen") / "a.study"
    grid = Grid.product([16, 24, 32, 48], range(2, 40, 2), [4, 6, 8], trials=6)
    run_sweep(path, specification(), grid, execution(Rising()))
    return path


@pytest.fixture
def risen(trained, tmp_path, monkeypatch):
    """A copy of the study `trained`, in the current folder."""
    monkeypatch.chdir(tmp_path)
    return load_study(shutil.copy(trained, tmp_path))


def test_its_json_holds_the_boundaries_and_the_exponents(risen, overparam):
    document = overparam("boundary", "a.study", "--json").document
    assert len(document["boundaries"]) == 12
    for row in document["boundaries"]:
        assert {*row} >= ROW | {"effective_ratio_low", "effective_ratio_high"}
        assert row["k_low"] <= row["k"] <= row["k_high"]
        assert row["k"] * row["d"] / row["n"] == pytest.approx(1.5, rel=0.25)
    [exponents] = document["exponents"]
    pytest.importorskip("statsmodels")
    assert {*exponents} >= EXPONENTS
    assert exponents["alpha_low"] <= 1.0 <= exponents["alpha_high"]
    assert exponents["cells"] == 12
    assert exponents["sentence"] == risen.boundary().sentence
    assert [each["n"] for each in exponents["local"]] == [16, 24, 32]


def test_its_text_ends_with_a_sentence(risen, overparam):
    pytest.importorskip("statsmodels")
    lines = overparam("boundary", "a.study").output.splitlines()
    assert lines[0].split()[:3] == ["n", "d", "k"]
    assert len([line for line in lines if line.startswith("exponent of n between")]) == 3
    assert lines[-1].startswith("Effective parameters at the boundary grow as n^")


def test_python_gives_the_same(risen, overparam):
    found = risen.boundary(level=0.8)
    document = overparam("boundary", "a.study", "--level", "0.8", "--json").document
    assert [row["k_low"] for row in document["boundaries"]] == [each.k_low for each in found.crossings]
    assert "effective/n" in found._repr_html_()


def test_several_studies_stand_side_by_side(risen, overparam):
    (risen.path.with_name("b.study")).write_bytes(risen.path.read_bytes())
    document = overparam("boundary", "a.study", "b.study", "--json").document
    assert {row["study"] for row in document["boundaries"]} == {"a.study", "b.study"}
    assert [row["study"] for row in document["exponents"]] == ["a.study", "b.study"]
    output = overparam("boundary", "a.study", "b.study").output
    assert "a.study:" in output
    assert "b.study:" in output


def test_the_table_as_csv(risen, overparam, tmp_path):
    call = overparam("boundary", "a.study", "-o", "a.csv")
    assert call.code == 0
    assert "a.csv: the table written" in call.errors
    with open(tmp_path / "a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    document = overparam("boundary", "a.study", "--json").document
    assert [float(row["k"]) for row in rows] == [row["k"] for row in document["boundaries"]]
    assert {*rows[0]} == {*document["boundaries"][0]}


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_picture(risen, overparam, tmp_path, ending):
    pytest.importorskip("matplotlib")
    assert overparam("boundary", "a.study", "-o", f"a.{ending}").code == 0
    assert (tmp_path / f"a.{ending}").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a.study", "a.study"), "named twice"),
        (("a.study", "-o", "a.gif"), "must end in"),
        (("a.study", "-o", "a.study"), "a.study"),
        (("a.study", "--level", "1"), "--level"),
        ((), "STUDY"),
    ],
)
def test_what_cannot_be_is_one_line_and_2(risen, overparam, arguments, said):
    before = risen.path.read_bytes()
    call = overparam("boundary", *arguments)
    assert call.code == 2
    assert said in call.errors
    assert risen.path.read_bytes() == before


def test_without_statsmodels_the_table_is_there(risen, overparam, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "statsmodels", None)
    monkeypatch.setitem(sys.modules, "statsmodels.api", None)
    document = overparam("boundary", "a.study", "--json").document
    assert len(document["boundaries"]) == 12
    assert document["exponents"][0]["alpha"] is None
    assert "pip install statsmodels" in document["exponents"][0]["sentence"]
    assert json.dumps(document)
