"""Sweeps on a Dask cluster: a new one on this machine, or a running one."""

from overparam_dask.executor import Dask

__all__ = ["Dask"]
