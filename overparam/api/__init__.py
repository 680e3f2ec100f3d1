"""Main functions of the library: what the command line does, for scripts and notebooks.

Components are given as objects or as the strings that the command line takes.
"""

from overparam.api.components import describe
from overparam.api.reports import replayer, write_report
from overparam.api.sweeps import replay, sweep
from overparam.api.training import draw_problem, engines_named, prepare_training, train
from overparam.studies import load_study

__all__ = [
    "describe",
    "draw_problem",
    "engines_named",
    "load_study",
    "prepare_training",
    "replay",
    "replayer",
    "sweep",
    "train",
    "write_report",
]
