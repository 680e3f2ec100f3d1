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
        assert one["applies"] is True
        assert one["hypotheses_met"] in (True, False, None)
        assert one["promises_kept"] in (True, False, None)
        verdicts = [h["holds"] for h in one["hypotheses"]]
        wanted = False if False in verdicts else None if None in verdicts else True
        assert one["hypotheses_met"] is wanted
        assert "probability" in one


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


def test_text_shows_notes_probabilities_and_what_is_vacuous(overparam):
    output = overparam("certify", "--n", 22, "--d", 6, "--k", 10, "--max-iterations", 5).output
    assert "Followed the updates of gd" in output
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
