"""The contract of a figure that can be reproduced."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from overparam import defaults
from overparam.arrays.backends import DType
from overparam.components import Component, Resolve
from overparam.studies.study import Study
from overparam.sweeps import Asked

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture

__all__ = ["Figure", "Reproduction", "Setup"]


@dataclass(frozen=True)
class Setup:
    """What a figure is reproduced with, beside its own parameters.

    Attributes
    ----------
    resolve : callable
        Finds components that other packages bring.
    seed : int
    dtype : "float32", "float64" or None
        None where none is asked for.
    """

    resolve: Resolve
    seed: int = 0
    dtype: DType | None = None

    @property
    def sweep_dtype(self) -> DType:
        """The data type of sweeps: what is asked for, or the usual one."""
        return self.dtype or defaults.SWEEP_DTYPE


@dataclass(frozen=True)
class Reproduction:
    """What was measured.

    Attributes
    ----------
    measured : sequence of str
        Lines of text, to be read beside the claim.
    numbers : mapping
        The same and more for ``--json``: numbers, texts, lists and mappings of them.
    pictures : mapping of str to matplotlib Figure
        By the name of their files, which has no ending.
    """

    measured: Sequence[str]
    numbers: Mapping[str, Any]
    pictures: Mapping[str, Picture] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure(Component):
    """A published figure, or a claim, that can be measured again: ``overparam reproduce NAME``.

    Its fields are its parameters. Fields `trials`, `grid` and `max_iterations` can also be set by the
    options of these names; an option without its field is refused. Everything a figure does follows from its
    fields and the `Setup`, so that it can be interrupted and run again.

    Attributes
    ----------
    title : str
        What is drawn.
    source : str
        Where the claim is made.
    claim : str
        What the source claims, printed beside what was measured.
    folder, table : str
        Where everything is written unless told otherwise, and the file there that keeps the text; by the
        figure's name unless given.
    """

    kind: ClassVar[str] = "figure"
    title: ClassVar[str]
    source: ClassVar[str]
    claim: ClassVar[str]
    folder: ClassVar[str | None] = None
    table: ClassVar[str | None] = None

    def sweeps(self, setup: Setup) -> Mapping[str, Asked]:
        """What has to be trained, by the name of the study's file, which has no ending; nothing by default.

        Raises
        ------
        ComponentError
            Where a component is needed that is not installed.
        """
        return {}

    def pictures(self, name: str, study: Study) -> Mapping[str, Picture]:
        """Return the pictures of one study, drawn as soon as it has been trained; none by default."""
        return {}

    @abstractmethod
    def reproduced(self, setup: Setup, studies: Mapping[str, Study]) -> Reproduction:
        """Return what was measured, from the studies of all sweeps, which are complete.

        A figure without sweeps computes it here.
        """
