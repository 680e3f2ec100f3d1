"""Lists of components: `describe`."""

from __future__ import annotations

from overparam import plugins
from overparam.components import Description
from overparam.plugins import default_registry

__all__ = ["describe"]


def describe(what: str | None = None) -> list[Description]:
    """Return the components that can be named, with their parameters and the package that brings each.

    Components of first-party packages that are not installed are included.

    Parameters
    ----------
    what : str, optional
        A kind, such as "activations", or a name, such as "gd"; by default everything.

    Returns
    -------
    list of Description
        Each with kind, name, distribution, version, installed, summary and parameters.

    Raises
    ------
    ValueError
        For a word that is neither a kind nor a name.

    Examples
    --------
    >>> import overparam as op
    >>> [each.name for each in op.describe("labels")]
    ['gaussian', 'rademacher', 'file']
    """
    return plugins.describe(default_registry(), what)
