"""Finished trials as the tables of other libraries."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from overparam.studies.errors import StudyError

__all__ = ["optional", "to_pandas", "to_xarray"]

_AXES = ("n", "k", "d", "trial")


def optional(name: str, wanted_for: str) -> Any:
    """Return an optional library.

    Raises
    ------
    StudyError
        If it is not installed.
    """
    try:
        return import_module(name)  # large, and rarely needed
    except ImportError as error:
        library = name.partition(".")[0]
        raise StudyError(
            f"{wanted_for} needs {library}, which is not installed: pip install {library}"
        ) from error


def to_pandas(columns: Mapping[str, NDArray[Any]]) -> Any:
    """Return a DataFrame with one row per trial; the status is categorical."""
    pandas = optional("pandas", "to_pandas")
    return pandas.DataFrame(dict(columns)).astype({"status": "category"})


def to_xarray(columns: Mapping[str, NDArray[Any]], attributes: Mapping[str, Any]) -> Any:
    """Return a Dataset over (n, k, d, trial), with nan and "" for missing trials.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (trials,)
    attributes : mapping
        Attributes of the Dataset.
    """
    xarray = optional("xarray", "to_xarray")
    axes, places = zip(*(np.unique(columns[axis], return_inverse=True) for axis in _AXES), strict=True)
    shape = tuple(len(values) for values in axes)
    variables = {}
    for name, values in columns.items():
        if name in _AXES:
            continue
        text = values.dtype == object
        full = np.full(shape, "" if text else np.nan, dtype=object if text else np.float64)
        full[places] = [value or "" for value in values] if text else values
        variables[name] = (_AXES, full)
    return xarray.Dataset(variables, dict(zip(_AXES, axes, strict=True)), dict(attributes))
