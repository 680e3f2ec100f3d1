"""A component's identity (kind, name and distribution), from the plugin to the study."""

import json
import sqlite3
from contextlib import closing

import pytest

from overparam.studies.schema import note_parts
from tests.plugins.installed import install, overparam
from tests.studies.damage import reseal

SHADOW = """
    from dataclasses import dataclass
    from typing import ClassVar
    from overparam.plugin import Activation, hookimpl

    @dataclass(frozen=True)
    class Cube(Activation):
        name: ClassVar[str] = "relu"

        def value(self, z):
            return z * z * z

        def derivative(self, z):
            return 3.0 * z * z

    @hookimpl
    def overparam_activations():
        return [Cube]
"""
SWEEP = ("sweep", "--n", 6, "--k", 4, "--d", "2,3", "--max-iterations", 5, "--study")


@pytest.fixture
def site(tmp_path):
    install(tmp_path, "shadow", SHADOW)
    return tmp_path


def sweep(site, study, activation, trials, *more):
    return overparam(site, *SWEEP, study, "--activation", activation, "--trials", trials, *more)


def test_a_study_is_not_continued_with_another_distributions_component(site):
    study = site / "a.study"
    assert sweep(site, study, "relu", 2).code == 0
    refused = sweep(site, study, "shadow/relu", 4)
    assert refused.code == 2
    assert "activation_distribution (study: overparam, asked: shadow)" in refused.errors
    status = overparam(site, "status", study, "--json").document
    assert status["done"] == 4
    assert status["specification"]["activation_distribution"] == "overparam"


def test_a_study_of_a_plugins_component_says_so_and_goes_on(site):
    study = site / "a.study"
    assert sweep(site, study, "shadow/relu", 1).code == 0
    assert sweep(site, study, "relu", 2).code == 2
    again = sweep(site, study, "shadow/relu", 2, "--json")
    assert again.document["done"] == 4
    assert again.document["specification"]["activation_distribution"] == "shadow"


def test_a_changed_version_is_recorded_with_the_session_and_told(site):
    study = site / "a.study"
    assert sweep(site, study, "shadow/relu", 1).code == 0
    (site / "shadow-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: shadow\nVersion: 2.0\n"
    )
    again = sweep(site, study, "shadow/relu", 2)
    assert again.code == 0
    assert "shadow 2.0 is installed; the study's earlier trials were computed with shadow 1.0" in again.errors
    status = overparam(site, "status", study, "--json").document
    assert status["distributions"]["shadow"] == ["1.0", "2.0"]
    third = sweep(site, study, "shadow/relu", 3)
    assert "earlier trials were computed with shadow 1.0" in third.errors


def test_train_and_certify_name_who_brought_what(site):
    options = ("--n", 6, "--d", 2, "--k", 4, "--max-iterations", 5, "--json")
    for command in ("train", "certify"):
        components = overparam(site, command, *options, "--activation", "shadow/relu").document["components"]
        assert components["activation"] == {
            "kind": "activation",
            "name": "relu",
            "distribution": "shadow",
            "version": "1.0",
        }
        assert components["optimizer"]["distribution"] == "overparam"


def test_a_study_of_before_is_continued_and_told(site, tmp_path):
    """Older files do not contain the distributions of their components."""
    study = tmp_path / "old.study"
    assert sweep(site, study, "relu", 1).code == 0
    with closing(sqlite3.connect(study)) as connection:
        connection.execute("DELETE FROM specification WHERE name LIKE '%_distribution'")
        note_parts(connection)
        connection.commit()
    reseal(study)
    again = sweep(site, study, "relu", 2)
    assert again.code == 0
    assert "did not name the distributions" in again.errors
    specification = json.loads(overparam(site, "status", study, "--json").output)["specification"]
    assert specification["activation_distribution"] == "overparam"
    assert sweep(site, study, "shadow/relu", 3).code == 2
