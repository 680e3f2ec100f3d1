"""Creating and saving matplotlib figures, without pyplot and its global state."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from overparam.files import replaced

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["ENDINGS", "FORMATS", "PlottingUnavailable", "new_figure", "save"]

# With a date, two files of one figure would differ; with matplotlib's version, they would after an upgrade.
_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}

FORMATS = tuple(_METADATA)
"""The formats that `save` takes."""

ENDINGS = tuple(f".{kind}" for kind in FORMATS)
"""The endings of the file names."""


class PlottingUnavailable(ImportError):
    """Error for a figure if matplotlib cannot be imported."""


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, sizes in inches.

    Raises
    ------
    PlottingUnavailable
        If matplotlib is missing or broken; the message says what to install.
    """
    try:
        # Imported here: matplotlib is optional, and importing it takes longer than most commands.
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PlottingUnavailable(
            f"a figure needs matplotlib, which cannot be imported ({error}): pip install 'overparam[plot]'"
        ) from error
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, SVG or PDF, by the ending of `path`; the same figure gives the same bytes.

    Raises
    ------
    ValueError
        For another ending.
    OSError
        If the file cannot be written.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _METADATA:
        raise ValueError(f"a figure's file must end in one of {', '.join(ENDINGS)}, got {str(path)!r}")
    # Optional and slow to import, like Figure above; it is available if there is a figure.
    from matplotlib import rc_context

    drawn = io.BytesIO()
    # Element ids of an SVG are random without a salt.
    with rc_context({"svg.hashsalt": "overparam"}):
        figure.savefig(drawn, format=kind, dpi=200, metadata=_METADATA[kind])
    with replaced(path) as file:
        file.write(drawn.getvalue())
