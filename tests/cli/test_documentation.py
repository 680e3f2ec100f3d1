"""docs/command-line.md holds every command's help, as printed; `nox -s docs` writes it anew."""

import os
from pathlib import Path

import click
import pytest

from overparam.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "command-line.md"
HEAD = """# The command line

Written by `nox -s docs` from the commands' own help.

- Every option can come from the environment: `OVERPARAM_<COMMAND>_<OPTION>`, or `OVERPARAM_<OPTION>` for the
  global ones, which stand before the command.
- A component is written `name` or `name:key=value,key=value`; a list is `key=0;1;0.5`; a comma inside a value
  is `\\\\,`. Where two plugins use one name, `distribution/name`.
- A range is `1:25` (both ends in), `5:50:5` or `10,20,50`.
- `--json` puts one JSON document on standard output and nothing else. It has no NaN or Infinity: null, and a
  status that says why. Progress, notes and warnings go to standard error.
- Exit codes: 0 done; 1 the work could not be finished, and the message says what is kept and how to go on;
  2 bad usage or input; 130 interrupted (143 by SIGTERM), with the study saved.
- `OVERPARAM_STRICT_PLUGINS=1` makes a plugin that fails an error.
- `--plugin FILE.py` takes one file as a plugin for this call (docs/plugins.md). `OVERPARAM_PLUGIN` may hold
  several, separated as in `PATH`.
- Where its study is there, `sweep` takes from it what is not said: `sweep --study FILE --trials 20` adds
  trials, `--k 26:30` adds cells.
"""


def helps(command, name, parent=None):
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        terminal_width=100,
        max_content_width=100,
        help_option_names=["-h", "--help"],
    )
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            yield from helps(command.get_command(context, child), child, context)


def page():
    sections = [f"## {path}\n\n```text\n{text}\n```\n" for path, text in helps(main, "overparam")]
    return "\n".join([HEAD.replace("\\\\", "\\"), *sections])


def test_the_page_is_the_help():
    if os.environ.get("OVERPARAM_WRITE_DOCS"):
        PAGE.write_text(page(), encoding="utf-8")
    if PAGE.read_text(encoding="utf-8") != page():
        pytest.fail("docs/command-line.md is not the commands' help: run nox -s docs")
