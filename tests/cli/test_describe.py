"""``overparam describe``, and `op.describe`."""

import os
from importlib.metadata import version

import pytest

import overparam as op
from overparam.components import Component
from overparam.components.description import describe_class
from overparam.plugins import HOOKS, KINDS, Registry, default_registry, first_party
from tests.plugins.installed import install
from tests.plugins.installed import overparam as process

KEYS = ("kind", "name", "distribution", "version", "installed", "summary", "parameters")
INSTALLED = {plugin.distribution for plugin in default_registry().plugins}


@pytest.fixture
def bare(monkeypatch):
    """Make it look as if only this package were installed."""
    found = [each for each in default_registry().plugins if each.distribution == "overparam"]
    monkeypatch.setattr("overparam.plugins.registry._unique", lambda entries: [])
    before = Registry.__init__

    def begin(self, **given):
        before(self, **given)
        self.plugins = tuple(found)

    monkeypatch.setattr(Registry, "__init__", begin)


def test_everything_is_there(overparam):
    document = overparam("describe", "--json").document
    assert all(tuple(row) == KEYS for row in document)
    found = [(row["kind"], row["name"], row["distribution"]) for row in document]
    assert len(set(found)) == len(found)
    loaded = {
        (cls.kind, cls.name, plugin.distribution)
        for plugin in default_registry().plugins
        for cls in plugin.components
    }
    elsewhere = {(each.kind, each.name, each.distribution) for each in first_party()}
    assert set(found) == loaded | elsewhere
    assert all(row["installed"] == (row["distribution"] in INSTALLED) for row in document)
    assert all(
        row["version"] == (version(row["distribution"]) if row["installed"] else None) for row in document
    )
    assert all(row["summary"] for row in document)


def test_a_component(overparam):
    [row] = overparam("describe", "sgd", "--json").document
    assert row == {
        "kind": "optimizer",
        "name": "sgd",
        "distribution": "overparam",
        "version": version("overparam"),
        "installed": True,
        "summary": op.describe("sgd")[0].summary,
        "parameters": [
            {
                "name": "step_size",
                "type": "a number or 'theorem'",
                "default": None,
                "choices": ["theorem"],
            },
            {"name": "batch_size", "type": "a whole number", "default": "1", "choices": []},
            {
                "name": "sampling",
                "type": "'replacement' or 'reshuffling'",
                "default": "replacement",
                "choices": ["replacement", "reshuffling"],
            },
            {"name": "check_every", "type": "a whole number", "default": "1", "choices": []},
        ],
    }


def test_what_is_printed(overparam):
    lines = overparam("describe", "gd").output.splitlines()
    assert lines == [
        "optimizer",
        f"  gd  (overparam {version('overparam')})",
        "      Gradient descent, W_{τ+1} = W_τ − η∇L(W_τ) on the loss (2.1).",
        "      step_size        a number or 'theorem' or 'figure2' or 'jacobian'; default",
        "                       figure2",
    ]
    assert "coefficients     a list (value;value;…), each a number; must be given" in (
        overparam("describe", "hermite").output
    )


@pytest.mark.parametrize("family", HOOKS, ids=lambda family: family.kind)
def test_a_kind_has_several_words(overparam, family):
    documents = [
        overparam("describe", word, "--json").document for word in KINDS if KINDS[word] == family.kind
    ]
    assert family.kind in KINDS
    assert all(document == documents[0] for document in documents)
    assert {row["kind"] for row in documents[0]} == {family.kind}


@pytest.mark.parametrize("word", ["activations", "Activation", "data", "data-generator", "losses", "labels"])
def test_words_of_kinds(overparam, word):
    assert overparam("describe", word).code == 0


def test_a_name_of_two_kinds_is_both(overparam):
    assert [row["kind"] for row in overparam("describe", "file", "--json").document] == [
        "data generator",
        "labels",
    ]
    [row] = overparam("describe", "overparam/relu", "--json").document
    assert row["name"] == "relu"


def test_what_is_not_installed_is_described_too(bare, overparam):
    document = overparam("describe", "adam", "--json").document
    assert [(row["distribution"], row["version"], row["installed"]) for row in document] == [
        ("overparam-optimizers", None, False)
    ]
    assert document[0]["parameters"][0] == {
        "name": "step_size",
        "type": "a number",
        "default": "0.01",
        "choices": [],
    }
    lines = overparam("describe", "activations").output.splitlines()
    assert "  tanh  (overparam-activations is not installed)" in lines
    assert lines[-1].startswith("overparam-activations is not installed: ")
    assert "pip install" in lines[-1]


def test_what_a_call_leaves_out_is_not(overparam):
    rows = overparam("--no-plugins", "describe", "--json").document
    assert {row["distribution"] for row in rows if row["installed"]} == {"overparam"}
    assert not {row["distribution"] for row in rows if not row["installed"]} & INSTALLED


@pytest.mark.parametrize(
    "word", ["nonsense", "", "/", "overparam/", "nobody/relu", "gd:step_size=1", "\x1b[2J"]
)
def test_what_is_neither(overparam, word):
    call = overparam("describe", word)
    assert (call.code, call.output) == (2, "")
    assert "no component and no kind of component is called" in call.errors
    assert "\x1b" not in call.errors


ODD = """
from dataclasses import dataclass, field
from typing import ClassVar
from overparam.plugin import Activation, hookimpl

@dataclass(frozen=True)
class Plain(Activation):
    name: ClassVar[str] = "plain"
    scales: tuple[float, ...] = field(default_factory=lambda: (1.0, 0.5))
    word: str | None = None
    own: bool = field(default=True, init=False)

    def value(self, z):
        return z
    def derivative(self, z):
        return z

@dataclass(frozen=True)
class Loud(Plain):
    '''An activation \\x1b[2J

    and more of it.
    '''
    name: ClassVar[str] = "loud"

@hookimpl
def overparam_activations():
    return [Plain, Loud]
"""


def test_a_strangers_component(tmp_path):
    install(tmp_path, "odd-things", ODD, version="3.1")
    site = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH")]))
    [row] = process(site, "describe", "plain", "--json").document
    assert (row["distribution"], row["version"], row["summary"]) == ("odd-things", "3.1", "")
    assert row["parameters"] == [
        {
            "name": "scales",
            "type": "a list (value;value;…), each a number",
            "default": "1;0.5",
            "choices": [],
        },
        {"name": "word", "type": "a text or none", "default": "none", "choices": ["none"]},
    ]
    [row] = process(site, "describe", "loud", "--json").document
    assert row["summary"] == "An activation \x1b[2J"
    assert "\x1b" not in process(site, "describe", "odd-things/loud").output
    assert "plain, loud" in " ".join(process(site, "train", "--help").output.split())


def test_the_library_says_the_same(overparam):
    assert [each.to_json() for each in op.describe()] == overparam("describe", "--json").document
    [gd] = op.describe("gd")
    assert gd.parameters[0].choices == ("theorem", "figure2", "jacobian")
    with pytest.raises(ValueError, match="did you mean 'gd'"):
        op.describe("gdd")


def test_a_class_outside_any_distribution():
    class Own(Component):
        name = "own"

    described = describe_class(Own)
    assert (described.distribution, described.version, described.parameters) == (__name__, None, ())


@pytest.mark.parametrize(
    ("command", "option", "kind"),
    [
        ("train", "--activation", "activation"),
        ("train", "--optimizer", "optimizer"),
        ("certify", "--loss", "loss"),
        ("theory", "--data", "data generator"),
        ("sweep", "--executor", "executor"),
        ("sweep", "--labels", "labels"),
        ("sweep", "--initialization", "initialization"),
    ],
)
def test_the_options_help_lists_them(overparam, command, option, kind):
    text = " ".join(overparam(command, "--help").output.split())
    names = [each.name for each in op.describe(kind) if each.installed]
    assert f"{option} SPEC {', '.join(names)}" in text.replace("least- squares", "least-squares")
    text = " ".join(overparam("--no-plugins", command, "--help").output.split())
    names = [each.name for each in op.describe(kind) if each.distribution == "overparam"]
    assert f"{option} SPEC {', '.join(names)}" in text
