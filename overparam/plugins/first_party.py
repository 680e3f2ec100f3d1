"""Components of the packages in plugins/, known even if the packages are not installed."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import Distribution
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from overparam.components import Description, Parameter

__all__ = ["first_party", "how_to_install"]


@cache
def first_party() -> tuple[Description, ...]:
    """Return the components of the first-party packages, as if none were installed.

    The table is written by ``nox -s generated``, and a test compares it with the packages.
    """
    text = files("overparam.plugins").joinpath("first_party.json").read_text(encoding="utf-8")
    return tuple(
        Description(
            **{**row, "parameters": tuple(_parameter(**each) for each in row["parameters"])},
            version=None,
            installed=False,
        )
        for row in json.loads(text)
    )


def _parameter(name: str, type: str, default: str | None, choices: list[str]) -> Parameter:
    return Parameter(name, type, default, tuple(choices))


def how_to_install(distribution: str) -> str:
    """Return the command that installs a first-party package from the checkout of this installation.

    If the current folder is a checkout, the command is shorter.
    """
    python = f"{shlex.quote(sys.executable)} -m pip install"
    folder = Path("plugins") / distribution
    if (folder / "pyproject.toml").is_file():
        return f"{python} ./{folder.as_posix()}"
    for checkout in _checkouts():
        if (checkout / folder / "pyproject.toml").is_file():
            return f"{python} {shlex.quote(str(checkout / folder))}"
    return f"pip install ./{folder.as_posix()}, in a checkout of overparam"


def _checkouts() -> Iterator[Path]:
    """Folder that this package was installed from, if the installer records it (PEP 610)."""
    if said := Distribution.from_name("overparam").read_text("direct_url.json"):
        address = urlsplit(json.loads(said)["url"])
        if address.scheme == "file":
            yield Path(url2pathname(address.path))
