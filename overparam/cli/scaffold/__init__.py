"""Writer of new plugin packages."""

from overparam.cli.scaffold.package import KINDS, write_package

__all__ = ["KINDS", "write_package"]
