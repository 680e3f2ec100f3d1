"""Making a figure: what is trained, drawn and written, what is trained again, and who caused an error."""

from dataclasses import dataclass
from typing import ClassVar

import pytest

from overparam.arrays.backends import NumPy
from overparam.components.faults import PluginFailure
from overparam.figures import new_figure
from overparam.plugins import default_registry
from overparam.reproductions import Figure, Figure2a, Reproduction, Setup, folder_of, make, sweeps_of
from overparam.runs import Portable
from overparam.sweeps import Execution, Serial

pytest.importorskip("matplotlib")
SETUP = Setup(default_registry().resolve)
SMALL = Figure2a(trials=1, grid="2,4", max_iterations=3)
EXECUTION = Execution(NumPy(), (Portable(),), Serial())


def train(name, path, asked):
    asked.train(path, EXECUTION)


def test_everything_is_in_one_folder(tmp_path):
    found = make(SMALL, SETUP, tmp_path / "out", train)
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"fig2a.study", "fig2a.png", "fig2a.svg", "boundary.txt"}
    assert found.table.read_text().splitlines() == [*found.measured, SMALL.claim]
    assert [*found.studies] == ["fig2a"]
    assert folder_of(SMALL).name == "figure2"


def test_what_is_trained_is_not_trained_again(tmp_path):
    first = make(SMALL, SETUP, tmp_path, train)
    rows = first.studies["fig2a"].rows()
    again = make(SMALL, SETUP, tmp_path, train)
    assert again.studies["fig2a"].rows() == rows
    assert again.studies["fig2a"].sessions == first.studies["fig2a"].sessions
    assert again.measured == first.measured


@dataclass(frozen=True)
class Own(Figure):
    """A figure that asks for the given sweeps and returns the given result."""

    name: ClassVar[str] = "own"
    title: ClassVar[str] = "t"
    source: ClassVar[str] = "s"
    claim: ClassVar[str] = "c"
    asked: object = None
    found: object = None

    def sweeps(self, setup):
        return self.asked if self.asked is not None else {}

    def reproduced(self, setup, studies):
        return self.found


def test_a_strangers_figure(tmp_path):
    picture = new_figure(1, 1)
    found = make(Own(found=Reproduction(["line"], {"x": 1}, {"own-2": picture})), SETUP, tmp_path, train)
    assert (found.measured, found.numbers, found.studies) == (("line",), {"x": 1}, {})
    assert {path.name for path in tmp_path.iterdir()} == {"own.txt", "own-2.png", "own-2.svg"}


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        (Own(asked=[1]), "mapping of names to Asked"),
        (Own(asked={"a": 1}), "mapping of names to Asked"),
        (Own(asked={"../a": SMALL.sweeps(SETUP)["fig2a"]}), "must name files by letters"),
        (Own(found=None), "must give a Reproduction"),
        (Own(found=Reproduction("text", {})), "as a list of texts"),
        (Own(found=Reproduction([1], {})), "as a list of texts"),  # type: ignore[list-item]
        (Own(found=Reproduction([], {}, {"a/b": new_figure(1, 1)})), "must name files by letters"),
    ],
)
def test_what_a_figure_must_give(tmp_path, figure, said):
    with pytest.raises(PluginFailure, match=said):
        make(figure, SETUP, tmp_path, train)


def test_a_figure_may_refuse():
    @dataclass(frozen=True)
    class Refusing(Own):
        def sweeps(self, setup):
            raise ValueError("not with these parameters")

    with pytest.raises(ValueError, match="not with these"):
        sweeps_of(Refusing(), SETUP)
