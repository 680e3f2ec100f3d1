"""``overparam reproduce``: figures by name and by parameters, options, dry runs and errors."""

import json

import pytest

import overparam as op
from overparam.reproductions import Figure

SMALL = ("--grid", "2,4", "--trials", 1, "--max-iterations", 3)


@pytest.fixture(autouse=True)
def _drawing():
    pytest.importorskip("matplotlib")


def test_options_and_parameters_are_one_thing(overparam, tmp_path):
    first = overparam("-q", "reproduce", "fig2a", *SMALL, "--output", "a", "--json").document
    parameters = "fig2a:grid=2\\,4,trials=1,max_iterations=3"
    second = overparam("-q", "reproduce", parameters, "--output", "b", "--json").document
    assert first["figure"] == second["figure"] == "fig2a:trials=1,grid=2\\,4,max_iterations=3"
    assert first["measured"] == second["measured"]
    assert first["claim"] == second["claim"]
    assert (tmp_path / "a" / "fig2a.png").is_file()


def test_it_prints_what_was_measured_and_what_is_claimed(overparam, tmp_path):
    call = overparam("-q", "reproduce", "jacobian-rank:n=12", "--grid", "2,6", "--trials", 2)
    assert call.code == 0, call.errors
    lines = call.output.splitlines()
    assert lines[0].startswith("rank J(W₀) = n, n = 12: ")
    assert lines[-2].startswith("The source: ")
    assert lines[-1] == "written to jacobian-rank"
    assert (tmp_path / "jacobian-rank" / "jacobian-rank.txt").read_text().splitlines() == lines[:-1]


def test_a_dry_run_trains_nothing(overparam, tmp_path):
    call = overparam("-q", "reproduce", "fig2", *SMALL, "--dry-run", "--json")
    assert {name: each["left"] for name, each in call.document["sweeps"].items()} == {
        "fig2a": 4,
        "fig2b": 4,
        "fig2c": 4,
        "fig2d": 4,
    }
    assert call.document["seconds"] == pytest.approx(
        sum(each["seconds"] for each in call.document["sweeps"].values())
    )
    assert not (tmp_path / "figure2").exists()
    assert overparam("reproduce", "jacobian-rank", "--dry-run").output == "jacobian-rank has no sweeps\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("capacity", "--trials", 3), "the figure capacity takes no --trials: its parameters are n, d,"),
        (("scaling", "--grid", "2:4"), "the figure scaling takes no --grid"),
        (("montanari-zhong", "--max-iterations", 3), "takes no --max-iterations"),
        (("jacobian-rank", "--dtype", "float32"), "takes no --dtype: it has no sweeps"),
        (("jacobian-rank", "--executor", "serial"), "takes no --executor: it has no sweeps"),
        (("--engine", "portable", "jacobian-rank"), "takes no --engine: it has no sweeps"),
        (("fig2e",), "did you mean 'fig2"),
        (("fig2a:trials=0",), "trials must be at least 1"),
        (("capacity:depth=3",), "capacity has no parameter 'depth'"),
    ],
)
def test_what_is_refused(overparam, tmp_path, arguments, said):
    globals_first = arguments[:2] if arguments[0].startswith("--") else ()
    call = overparam(*globals_first, "reproduce", *arguments[len(globals_first) :])
    assert (call.code, call.output) == (2, "")
    assert said in call.errors
    assert [*tmp_path.iterdir()] == []


def test_the_help_and_describe_list_the_figures(overparam):
    text = overparam("reproduce", "--help").output
    described = overparam("describe", "figures", "--json").document
    names = [row["name"] for row in described if row["distribution"] == "overparam"]
    assert {"fig2", "fig2a", "capacity", "scaling", "polaczyk-fig2", "jacobian-rank", "montanari-zhong"} <= {
        *names
    }
    assert all(f"\n  {name} " in text for name in names)
    assert [each.name for each in op.describe(Figure.kind) if each.installed] == [
        row["name"] for row in described if row["installed"]
    ]


OWN = """
from dataclasses import dataclass
from typing import ClassVar
from overparam.plugin import Figure, Reproduction, hookimpl, new_figure

@dataclass(frozen=True)
class Constant(Figure):
    '''A number.'''
    name: ClassVar[str] = "constant"
    title: ClassVar[str] = "A number"
    source: ClassVar[str] = "nobody"
    claim: ClassVar[str] = "It is 2."
    value: int = 2

    def reproduced(self, setup, studies):
        if self.value == 13:
            raise RuntimeError("bad luck")
        return Reproduction([f"It is {self.value}."], {"value": self.value}, {"constant": new_figure(1, 1)})

@hookimpl
def overparam_figures():
    return [Constant]
"""


def test_a_figure_in_a_file(overparam, tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    call = overparam("--plugin", "own.py", "reproduce", "constant:value=3", "--json")
    assert json.loads(call.output) == {
        "command": "reproduce",
        "figure": "constant:value=3",
        "output": "constant",
        "value": 3,
        "measured": ["It is 3."],
        "claim": "It is 2.",
    }
    call = overparam("--plugin", "own.py", "reproduce", "constant:value=13")
    assert call.code == 1
    assert "the figure 'constant' (own.py" in call.errors
    assert "bad luck" in call.errors
