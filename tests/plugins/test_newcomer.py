"""A third party's plugin in one file works everywhere: train, sweep, resume, certify, plugins check."""

import math

import pytest

from tests.plugins.installed import install, overparam
from tests.plugins.newcomer import SOURCE

ASKED = ("--optimizer", "cauchy", "--initialization", "orthogonal")


@pytest.fixture
def site(tmp_path):
    install(tmp_path, "newcomer", SOURCE)
    return tmp_path


@pytest.mark.parametrize("layers", ["hidden", "output", "both"])
def test_it_trains(site, layers):
    sizes = ("--n", 12, "--d", 6, "--k", 20, "--max-iterations", 3000, "--layers", layers, "--json")
    call = overparam(site, "train", *sizes, *ASKED, "--loss", "huber:width=2", "--tolerance", 0.05)
    assert call.code == 0, call.errors
    assert call.document["layers"] == layers
    assert call.document["relative_residual"] < 0.5
    assert call.document["loss"] == "huber:width=2"
    assert call.document["components"]["loss"]["distribution"] == "newcomer"
    assert call.document["step_size"] is None


def test_it_sweeps_and_goes_on(site):
    study = site / "a.study"
    sizes = ("--n", 8, "--k", "2,8", "--d", "2,4", "--max-iterations", 40, "--study", study, "--json")
    for trials in (1, 3):
        call = overparam(site, "sweep", *sizes, *ASKED, "--loss", "huber", "--trials", trials)
        assert call.code == 0, call.errors
        assert call.document["done"] == 4 * trials
    specification = call.document["specification"]
    assert (specification["loss"], specification["loss_distribution"]) == ("huber", "newcomer")
    assert (specification["initialization"], specification["layers"]) == ("orthogonal", "hidden")
    other = overparam(site, "sweep", *sizes, "--initialization", "paper", "--trials", 4)
    assert other.code == 2
    assert "initialization (study: orthogonal, asked: paper)" in other.errors


def test_its_certificate_is_true(site):
    """It follows the plugin's steps and leaves out theorems about other methods, starts and losses."""
    sizes = ("--n", 10, "--d", 5, "--k", 12, "--max-iterations", 60, "--json")
    call = overparam(site, "certify", *sizes, *ASKED)
    assert call.code == 0, call.errors
    document = call.document
    assert document["failed"] == []
    assert document["outcome"]["iterations"] == 60
    assert document["followed"] == "the steps of cauchy, accepted or not"
    reasons = {row["name"]: row["reason"] for row in document["not_applicable"]}
    assert "gradient descent" in reasons["Theorem 6.10"]
    assert "N(0, 1)" in reasons["Lemma 6.7"]
    held = [row for one in document["theorems"] for row in one["conclusions"]]
    assert any(row["statement"].startswith("‖J(W_τ)‖ ≤") and row["holds"] for row in held)
    assert all(row["holds"] is not False for row in held)
    with_huber = overparam(site, "certify", *sizes, *ASKED, "--loss", "huber").document
    reasons = {row["name"]: row["reason"] for row in with_huber["not_applicable"]}
    assert "squared loss; the loss is huber" in reasons["Theorem 6.10"]


def test_the_kit_passes_it(site):
    call = overparam(site, "plugins", "check", "newcomer", "--json")
    assert call.code == 0, call.output
    checked = {row["component"] for row in call.document["checks"]}
    assert {"optimizer cauchy", "loss huber", "initialization orthogonal"} <= checked
    assert math.isclose(call.document["failed"], 0)
