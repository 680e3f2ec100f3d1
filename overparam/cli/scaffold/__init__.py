"""Writing the package that a plugin starts from."""

from overparam.cli.scaffold.package import KINDS, write_package

__all__ = ["KINDS", "write_package"]
