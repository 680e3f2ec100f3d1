"""Sphinx's configuration: `nox -s docs` builds the site, without a network and with warnings as errors."""

import sys
from importlib.metadata import version as version_of
from pathlib import Path

from pygments.lexers.shell import BashLexer

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tree beside this file, whatever is installed

project = "overparam"
author = "The overparam authors"
copyright = "The overparam authors"
version = release = version_of("overparam")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_click",
    "sphinx_design",
]
exclude_patterns = ["figures/README.md"]
templates_path = ["_templates"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # types are in the docstrings
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
numpydoc_show_class_members = False  # autodoc shows them

html_theme = "pydata_sphinx_theme"
html_title = "overparam"
html_static_path = ["_static"]
html_css_files = ["overparam.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "header_links_before_dropdown": 7,
}
html_sidebars = {"index": [], "gallery": []}


class _Console(BashLexer):
    """Console blocks show commands without prompts."""

    name = "console"


def _escape_bars(app, what, name, obj, options, lines):
    """|φ′| is an absolute value, not a substitution of reStructuredText."""
    lines[:] = [line.replace("|", r"\|") for line in lines]


def setup(app):
    """Add what the options above cannot say."""
    app.add_lexer("console", _Console)
    app.connect("autodoc-process-docstring", _escape_bars)
