"""``overparam certify``: its JSON, its text, and theorems of plugins that fail."""

import json
from textwrap import dedent

import numpy as np
import pytest

from tests.plugins.installed import install
from tests.plugins.installed import overparam as process

SMALL = ("--n", 12, "--d", 6, "--k", 10, "--max-iterations", 20)


def test_the_documents_keys(overparam):
    document = overparam("certify", *SMALL, "--json").document
    assert set(document) >= {"command", "problem", "optimizer", "step_size", "outcome", "followed"}
    assert set(document) >= {"theorems", "not_applicable", "failed", "backend", "device", "dtype"}
    assert document["problem"] == {
        "n": 12,
        "d": 6,
        "k": 10,
        "seed": 0,
        "trial": 0,
        "activation": "softplus",
        "data": "sphere",
        "labels": "gaussian",
    }
    for one in document["theorems"]:
        assert one["applies"] is (one["reason"] is None)
        assert one["hypotheses_met"] in (True, False, None)
        assert one["promises_kept"] in (True, False, None)
        verdicts = [h["holds"] for h in one["hypotheses"]]
        wanted = False if False in verdicts else None if None in verdicts or not one["applies"] else True
        assert one["hypotheses_met"] is wanted
        assert "probability" in one
    others = {one["name"]: one for one in document["theorems"] if not one["applies"]}
    assert {name: one["reason"] for name, one in others.items()} == {
        one["name"]: one["reason"] for one in document["not_applicable"]
    }
    assert others["Theorem 2.3"]["reason"] == "it is about the ReLU; the activation is softplus"
    assert {(*one["hypotheses"], *one["conclusions"], one["promises_kept"]) for one in others.values()} == {
        (None,)
    }


def test_a_verdict_is_that_of_its_parts(overparam):
    """`missed_by` is the worst hypothesis's factor; the measured rate uses the first and last residual."""
    document = overparam("certify", *SMALL, "--json").document
    trained = overparam("train", *SMALL, "--record-every", 20, "--output", "run.npz", "--json").document
    residual = np.load("run.npz")["relative_residual"]
    assert trained["iterations"] == 20
    for one in document["theorems"]:
        factors = [
            max(h["ratio"], 1.0 / h["ratio"]) for h in one["hypotheses"] if h["holds"] is False and h["ratio"]
        ]
        assert (one["missed_by"] or 1.0) == pytest.approx(max(factors, default=1.0))
        told = [c["worst_ratio"] for c in one["conclusions"] if c["holds"] is not None]
        assert one["worst_ratio"] in told or one["worst_ratio"] is None
        if one["rate"]:
            assert one["rate"]["measured"] == pytest.approx(1.0 - (residual[-1] / residual[0]) ** (1 / 20))
            assert one["rate"]["promised"] < one["rate"]["measured"] or not one["promises_kept"]
    rates = {one["name"]: one["rate"]["promised"] for one in document["theorems"] if one["rate"]}
    assert set(rates) == {"Theorem 2.1", "Theorem 6.2", "Theorem 6.10", "Corollary 6.11", "Theorem 6.13"}
    alpha = next(one for one in document["theorems"] if one["name"] == "Theorem 6.13")["hypotheses"][0]
    assert rates["Theorem 6.13"] == pytest.approx(0.15 * (alpha["left"] / 2.0) ** 2)
    assert rates["Corollary 6.11"] == pytest.approx(0.25 * rates["Theorem 6.13"], rel=1e-3)


@pytest.mark.parametrize("optimizer", ["gd", "sgd:step_size=0.2", "least-squares"])
def test_the_outcome_is_trains(overparam, optimizer):
    options = (*SMALL, "--optimizer", optimizer, "--json")
    certified = overparam("certify", *options).document
    trained = overparam("--engine", "portable", "train", *options).document
    assert certified["problem"] == trained["problem"]
    assert certified["step_size"] == trained["step_size"]
    for key, value in certified["outcome"].items():
        if isinstance(value, float):
            assert value == pytest.approx(trained[key], rel=1e-9, abs=1e-14)
        else:
            assert value == trained[key]


def test_levenberg_marquardt_is_followed_itself(overparam):
    pytest.importorskip("overparam_optimizers", reason="the plugin of optimizers is not installed")
    document = overparam("certify", *SMALL, "--optimizer", "levenberg-marquardt", "--json").document
    assert document["outcome"]["status"] == "converged"
    assert document["outcome"]["distance_from_initialization"] > 0.0
    lemma = next(one for one in document["theorems"] if one["name"] == "Lemma 6.8")
    assert 0 < lemma["conclusions"][0]["at_iteration"] <= document["outcome"]["iterations"]
    assert "Theorem 6.13" in {one["name"] for one in document["not_applicable"]}


MANY = ("certify", "--n", 22, "--d", 6, "--k", 10, "--max-iterations", 5)
"""22 samples with 6 inputs: X ∗ X has more columns than rows, and the bound by μ²σ² is vacuous."""


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
def test_one_line_a_theorem(overparam, columns):
    call = overparam(*MANY, COLUMNS=str(columns))
    lines = call.output.splitlines()
    assert max(map(len, lines)) <= min(columns, 120)
    assert all(line == line.rstrip() for line in lines)
    document = overparam(*MANY, "--json").document
    rows = dict(line.split(":", 1) if ":" in line[:3] else line.split("  ", 1) for line in lines[:11])
    assert rows["problem"].strip() == "n=22, d=6, k=10, seed 0, trial 0"
    assert rows["components"].strip() == "softplus, sphere data, gaussian labels"
    assert rows["trained"].strip() == "hidden layer, squared loss, paper initialization"
    assert rows["status"].strip() == "budget exhausted"
    for one in document["theorems"]:
        [shown] = [line for line in lines if line.strip().startswith(f"{one['name']} ")]
        if not one["applies"]:
            assert one["reason"] in " ".join(call.output.split())  # a long reason is wrapped
            continue
        words = {True: "met", False: "missed", None: "open"}[one["hypotheses_met"]]
        assert (words if one["hypotheses"] else "none asked") in shown
        kept = {True: "kept", False: "broken", None: "open"}[one["promises_kept"]]
        assert ("vacuous" if one["vacuous"] else kept) in shown
        if one["missed_by"] is not None:
            factor = float(shown.split("missed ")[1].split("×")[0].replace(",", ""))
            assert factor == pytest.approx(one["missed_by"], rel=0.05)
    [theorem] = [line for line in lines if line.startswith("Theorem 6.2 ")]
    assert ("(6.18) √(kd) ≥" in theorem) is (columns >= 100)
    for word in ("hypotheses", "promises", "rate", "P ≥"):
        assert any(line.startswith(f"{word} ") for line in lines[-12:])


@pytest.mark.parametrize("columns", [80, 120])
def test_details_fit_too(overparam, columns):
    output = overparam(*MANY, "--details", COLUMNS=str(columns)).output
    assert max(map(len, output.splitlines())) <= columns
    document = overparam(*MANY, "--json").document
    flat = " ".join(output.split())
    for one in document["theorems"]:
        for part in (*one["hypotheses"], *one["conclusions"]):
            assert " ".join(part["statement"].split()) in flat
            assert " ".join(part["note"].split()) in flat


def test_details_show_notes_probabilities_and_what_is_vacuous(overparam):
    output = overparam(*MANY, "--details").output
    assert "the updates of gd" in output
    assert "vacuous" in output
    assert "with probability at least" in output
    assert "C is not given" in output
    assert "ratio nan" not in output


@pytest.mark.parametrize(
    "options",
    [
        ("--delta", "1e300"),
        ("--delta", "1e300", "--activation", "relu"),
        ("--activation", "hermite:coefficients=1"),
        ("--n", 1),
        ("--k", 1),
        ("--n", 1, "--d", 1, "--k", 1, "--activation", "relu"),
        ("--optimizer", "gd:step_size=1e9"),
        ("--activation", "hermite:coefficients=0;0;0;1", "--optimizer", "gd:step_size=100"),
    ],
)
def test_corners(overparam, options):
    call = overparam("certify", *SMALL, *options, "--json")
    assert call.code == 0
    assert call.document["failed"] == []
    assert overparam("certify", *SMALL, *options).code == 0


@pytest.mark.parametrize("delta", ["nan", "inf", "0", "-1"])
def test_a_delta_that_is_none(overparam, delta):
    call = overparam("certify", *SMALL, "--delta", delta)
    assert (call.code, call.output) == (2, "")
    assert "delta must be a positive number" in call.errors


def test_duplicated_samples(overparam, tmp_path):
    np.savez(tmp_path / "X.npz", X=np.tile(np.eye(4), (2, 1)), y=np.arange(8.0))
    call = overparam(
        "certify", "--data", "file:path=X.npz", "--labels", "file", "--max-iterations", 5, "--json"
    )
    assert call.code == 0
    theorems = {one["name"]: one for one in call.document["theorems"]}
    width = theorems["Theorem 6.2"]["hypotheses"][0]
    assert (width["right"], width["holds"]) in ((None, False), (None, None))
    assert "vacuous" in width["note"]
    assert theorems["Theorem I.1"]["hypotheses"][0]["holds"] is False


BROKEN = """
    from dataclasses import dataclass
    from typing import ClassVar
    from overparam.plugin import Conclusion, Theorem, hookimpl

    @dataclass(frozen=True)
    class Sound(Theorem):
        name: ClassVar[str] = "sound"
        title: ClassVar[str] = "Sound theorem"
        statement: ClassVar[str] = "True."
        reference: ClassVar[str] = "here"

        def objection(self, setting):
            return None

        def conclusions(self, setting, run):
            return [Conclusion("true", 0.5, None, True)]

    @dataclass(frozen=True)
    class Exits(Sound):
        name: ClassVar[str] = "exits"
        title: ClassVar[str] = "Exiting theorem"

        def conclusions(self, setting, run):
            raise SystemExit(7)

    @dataclass(frozen=True)
    class Raises(Sound):
        name: ClassVar[str] = "raises"
        title: ClassVar[str] = "Raising theorem"

        def hypotheses(self, setting, run):
            return 1 / 0

    @hookimpl
    def overparam_theorems():
        return [Sound, Exits, Raises]
"""


def test_a_plugins_theorem_that_fails_is_named_and_the_rest_is_evaluated(tmp_path):
    install(tmp_path, "overparam-stranger", dedent(BROKEN))
    small = ("certify", "--n", 6, "--d", 3, "--k", 4, "--max-iterations", 2)
    call = process(tmp_path, *small, "--json")
    assert call.code == 0
    failed = {one["component"]: one for one in json.loads(call.output)["failed"]}
    assert set(failed) == {"exits", "raises"}
    assert failed["exits"]["distribution"] == "overparam-stranger"
    assert failed["exits"]["reason"] == "conclusions raised SystemExit: 7"
    assert "hypotheses raised ZeroDivisionError" in failed["raises"]["reason"]
    names = {one["name"] for one in call.document["theorems"]}
    assert {"Sound theorem", "Theorem 6.2"} <= names
    text = process(tmp_path, *small)
    assert text.code == 0
    assert "Exiting theorem (exits of overparam-stranger)" in text.output
    checked = process(tmp_path, "plugins", "check", "overparam-stranger", "--json")
    assert checked.code == 1
    verdicts = {(row["component"], row["verdict"]) for row in checked.document["checks"]}
    assert ("theorem exits", "failed") in verdicts
    assert ("theorem raises", "failed") in verdicts
    assert ("theorem sound", "failed") not in verdicts
