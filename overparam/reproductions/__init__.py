"""Figures that can be reproduced: the contract, how one is made, and the built-in ones, one per file."""

from overparam.reproductions.base import Figure, Reproduction, Setup
from overparam.reproductions.capacity import Capacity
from overparam.reproductions.figure2 import Figure2, Figure2a, Figure2b, Figure2c, Figure2d
from overparam.reproductions.jacobian_rank import JacobianRank
from overparam.reproductions.lazy import Lazy
from overparam.reproductions.making import Made, folder_of, make, sweeps_of
from overparam.reproductions.montanari_zhong import MontanariZhong
from overparam.reproductions.polaczyk import PolaczykFigure2
from overparam.reproductions.scaling import Scaling

__all__ = [
    "Capacity",
    "Figure",
    "Figure2",
    "Figure2a",
    "Figure2b",
    "Figure2c",
    "Figure2d",
    "JacobianRank",
    "Lazy",
    "Made",
    "MontanariZhong",
    "PolaczykFigure2",
    "Reproduction",
    "Scaling",
    "Setup",
    "folder_of",
    "make",
    "sweeps_of",
]
