"""Figures: phase diagrams, boundaries and training runs in matplotlib, and diagrams on a terminal."""

from overparam.figures.boundaries import boundaries_figure
from overparam.figures.bounds import bounds_figure
from overparam.figures.canvas import ENDINGS, FORMATS, PlottingUnavailable, new_figure, save
from overparam.figures.chain import chain_figure
from overparam.figures.curves import Curve, Panel, curves_figure
from overparam.figures.gap import gap_figure
from overparam.figures.phase import phase_figure
from overparam.figures.progress import describe_progress, lines, live, progress_shown
from overparam.figures.scaling import scaling_figure
from overparam.figures.terminal import HeatMap, boundary_line, boundary_table, plain, render
from overparam.figures.titles import title_of
from overparam.figures.training import training_figure

__all__ = [
    "ENDINGS",
    "FORMATS",
    "Curve",
    "HeatMap",
    "Panel",
    "PlottingUnavailable",
    "boundaries_figure",
    "boundary_line",
    "boundary_table",
    "bounds_figure",
    "chain_figure",
    "curves_figure",
    "describe_progress",
    "gap_figure",
    "lines",
    "live",
    "new_figure",
    "phase_figure",
    "plain",
    "progress_shown",
    "render",
    "save",
    "scaling_figure",
    "title_of",
    "training_figure",
]
