"""``overparam plugins``: list the installed plugins, check one, start a new one."""

from overparam.cli.plugins.group import plugins

__all__ = ["plugins"]
