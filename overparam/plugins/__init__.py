"""Plugins: finding, isolating and looking them up."""

from overparam.plugins.loading import API_VERSION, HOOKS, Plugin
from overparam.plugins.registry import PluginError, PluginWarning, Registry, default_registry, load_plugin

__all__ = [
    "API_VERSION",
    "HOOKS",
    "Plugin",
    "PluginError",
    "PluginWarning",
    "Registry",
    "default_registry",
    "load_plugin",
]
