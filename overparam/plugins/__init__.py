"""Plugins: discovery, isolation and look-up."""

from overparam.plugins.describe import KINDS, describe
from overparam.plugins.first_party import first_party, how_to_install
from overparam.plugins.loading import API_VERSION, HOOKS, Plugin
from overparam.plugins.registry import PluginError, PluginWarning, Registry, default_registry, load_plugin

__all__ = [
    "API_VERSION",
    "HOOKS",
    "KINDS",
    "Plugin",
    "PluginError",
    "PluginWarning",
    "Registry",
    "default_registry",
    "describe",
    "first_party",
    "how_to_install",
    "load_plugin",
]
