"""Designs: the contract, and the built-in ones, one a file."""

from overparam.sweeps.designs.base import Column, Design, Limits, Request
from overparam.sweeps.designs.boundary import BoundarySearch
from overparam.sweeps.designs.grid import FullGrid

__all__ = ["BoundarySearch", "Column", "Design", "FullGrid", "Limits", "Request"]
