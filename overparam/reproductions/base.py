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
    """Settings of a reproduction besides the figure's own parameters.

    Attributes
    ----------
    resolve : callable
        Finds components of other packages.
    seed : int
    dtype : "float32", "float64" or None
        None if not given.
    """

    resolve: Resolve
    seed: int = 0
    dtype: DType | None = None

    @property
    def sweep_dtype(self) -> DType:
        """The data type of sweeps: the given one, or the default."""
        return self.dtype or defaults.SWEEP_DTYPE


@dataclass(frozen=True)
class Reproduction:
    """The result of a reproduction.

    Attributes
    ----------
    measured : sequence of str
        Lines of text with the measured results, printed beside the claim.
    numbers : mapping
        The results for ``--json``: numbers, texts, lists and mappings of them.
    pictures : mapping of str to matplotlib Figure
        By the names of their files, without ending.
    """

    measured: Sequence[str]
    numbers: Mapping[str, Any]
    pictures: Mapping[str, Picture] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure(Component):
    """A published figure or claim that can be reproduced: ``overparam reproduce NAME``.

    Its fields are its parameters. The fields `trials`, `grid` and `max_iterations` can also be set by the
    options with these names; an option without its field is refused. A figure must depend only on its fields
    and the `Setup`, so that it can be interrupted and run again.

    Attributes
    ----------
    title : str
        Title of the figure.
    source : str
        Publication of the claim.
    claim : str
        The claim of the source, printed beside the measured result.
    folder, table : str
        Default folder of the output, and the text file in it; by default named after the figure.
    """

    kind: ClassVar[str] = "figure"
    title: ClassVar[str]
    source: ClassVar[str]
    claim: ClassVar[str]
    folder: ClassVar[str | None] = None
    table: ClassVar[str | None] = None

    def sweeps(self, setup: Setup) -> Mapping[str, Asked]:
        """Return the sweeps to train, by the name of the study's file without ending; none by default.

        Raises
        ------
        ComponentError
            If a needed component is not installed.
        """
        return {}

    def pictures(self, name: str, study: Study) -> Mapping[str, Picture]:
        """Return the pictures of one study, drawn as soon as it is trained; none by default."""
        return {}

    @abstractmethod
    def reproduced(self, setup: Setup, studies: Mapping[str, Study]) -> Reproduction:
        """Return the result, from the complete studies of all sweeps.

        A figure without sweeps computes its result here.
        """
