"""Sweeps on a Dask cluster: one of its own on this machine, or any that runs already."""

from overparam_dask.executor import Dask

__all__ = ["Dask"]
