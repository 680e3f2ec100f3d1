"""Designs: the contract, and the built-in designs, one per file."""

from overparam.sweeps.designs.base import Design, Request
from overparam.sweeps.designs.boundary import BoundarySearch
from overparam.sweeps.designs.grid import FullGrid

__all__ = ["BoundarySearch", "Design", "FullGrid", "Request"]
