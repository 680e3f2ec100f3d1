"""The table of the components of first-party packages is correct; and the messages that use it."""

import ast
import json
import os
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from overparam.components import ComponentError, describe_class
from overparam.methods import Optimizer
from overparam.model.activations import Activation
from overparam.plugins import Registry, default_registry, first_party, how_to_install
from overparam.plugins.loading import distribution_of, load
from tests.plugins.installed import overparam

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "overparam" / "plugins" / "first_party.json"
PROJECTS = {
    tomllib.loads(path.read_text(encoding="utf-8"))["project"]["name"]: path.parent
    for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))
}
INSTALLED = {distribution_of(entry): entry for entry in entry_points(group="overparam")}


def described(distribution):
    """Yield the components of an installed package, without the keys that depend on the installation."""
    for cls in load(INSTALLED[distribution], disabled=False).components:
        row = describe_class(cls).to_json()
        yield {key: row[key] for key in row if key not in ("version", "installed")}


def names_in_source(folder):
    """Yield the names of the component classes in the source, without importing it."""
    for source in folder.glob("src/**/*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                for line in node.body:
                    if isinstance(line, ast.AnnAssign) and ast.unparse(line.target) == "name" and line.value:
                        yield ast.literal_eval(line.value)


def test_the_table_is_up_to_date():
    if os.environ.get("WRITE_DOCS"):
        kept = json.loads(TABLE.read_text("utf-8"))
        rows = [
            row
            for distribution in PROJECTS
            for row in (
                described(distribution)
                if distribution in INSTALLED
                else [each for each in kept if each["distribution"] == distribution]
            )
        ]
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        TABLE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
        first_party.cache_clear()
    assert {each.distribution for each in first_party()} == set(PROJECTS), "run nox -s generated"


@pytest.mark.parametrize("distribution", PROJECTS)
def test_it_has_every_component_of_every_package(distribution):
    named = [each.name for each in first_party() if each.distribution == distribution]
    assert sorted(named) == sorted(names_in_source(PROJECTS[distribution])), "run nox -s generated"


@pytest.mark.parametrize("distribution", PROJECTS)
def test_it_says_of_each_what_the_package_says(distribution):
    if distribution not in INSTALLED:
        pytest.skip(f"{distribution} is not installed")
    written = [row for row in json.loads(TABLE.read_text("utf-8")) if row["distribution"] == distribution]
    assert written == list(described(distribution)), "run nox -s generated"


@pytest.fixture
def bare(monkeypatch):
    """A registry as if only this package were installed."""
    own = [entry for entry in entry_points(group="overparam") if distribution_of(entry) == "overparam"]
    monkeypatch.setattr("overparam.plugins.registry.entry_points", lambda group: own)
    return Registry()


@pytest.mark.parametrize(
    ("family", "name", "said"),
    [
        (Activation, "tanh", "; tanh is in overparam-activations, which is not installed: "),
        (
            Activation,
            "tahn",
            "; did you mean 'tanh'? It is in overparam-activations, which is not installed: ",
        ),
        (Activation, "softpus", "; did you mean 'softplus'?"),
        (Optimizer, "adam", "; adam is in overparam-optimizers, which is not installed: "),
        (Optimizer, "tanh", "choose from gd, least-squares, sgd"),
    ],
)
def test_an_unknown_name_says_where_it_is(bare, monkeypatch, family, name, said):
    monkeypatch.chdir(ROOT)
    with pytest.raises(ComponentError) as caught:
        bare.find(family, name)
    assert said in str(caught.value)
    if said.endswith(": "):
        distribution = said.rpartition(" in ")[2].partition(",")[0]
        assert str(caught.value).endswith(f"{sys.executable} -m pip install ./plugins/{distribution}")


def test_the_command_works_from_where_the_user_is(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert how_to_install("overparam-numba") == f"{sys.executable} -m pip install ./plugins/overparam-numba"
    monkeypatch.chdir(tmp_path)
    checkout = tmp_path / "a check out"
    folder = checkout / "plugins" / "overparam-numba"
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").touch()
    said = json.dumps({"url": checkout.as_uri(), "dir_info": {}})
    monkeypatch.setattr("importlib.metadata.PathDistribution.read_text", lambda self, name: said)
    assert how_to_install("overparam-numba") == f"{sys.executable} -m pip install '{folder}'"
    monkeypatch.setattr("importlib.metadata.PathDistribution.read_text", lambda self, name: None)
    assert how_to_install("overparam-numba") == (
        "pip install ./plugins/overparam-numba, in a checkout of overparam"
    )


def test_what_a_call_leaves_out_is_said(tmp_path):
    if "overparam-activations" not in INSTALLED:
        pytest.skip("overparam-activations is not installed")
    call = overparam(os.environ.get("PYTHONPATH", ""), "--no-plugins", "train", "--activation", "tanh")
    assert call.code == 2
    assert "tanh is in overparam-activations, which this call disables" in call.errors


def test_nothing_installed_is_said_not_to_be():
    installed = {plugin.distribution for plugin in default_registry().plugins}
    assert not installed & {each.distribution for each in default_registry().not_installed()}
