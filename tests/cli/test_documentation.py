"""docs/reference/command-line.md has the help of every command as printed; WRITE_DOCS=1 writes it."""

import os
from pathlib import Path

import click
import pytest

from overparam.cli.main import main

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "command-line.md"
HEAD = """# The command line

Written from the commands' own help.

- Global options may come before or after the command's name; if one is given twice, the last counts.
- Every option can be set by an environment variable: `OVERPARAM_<COMMAND>_<OPTION>`, or
  `OVERPARAM_<OPTION>` for the global ones. A warning names unknown variables with this prefix.
- A component is written `name` or `name:key=value,key=value`; a list is `key=0;1;0.5`; a comma inside a value
  is `\\\\,`. If two plugins use the same name, write `distribution/name`.
- `overparam describe` lists the components with their parameters, including those of first-party packages
  that are not installed. The help below lists the built-in ones; your own help lists all installed ones.
- For a mistyped command, option, component, parameter or variable, the error names the nearest one.
- A range is `1:25` (both ends included), `5:50:5` or `10,20,50`.
- `--json` prints one JSON document on standard output and nothing else. NaN and Infinity become null, and a
  status gives the reason. Progress, notes and warnings go to standard error.
- Exit codes: 0 done; 1 the work could not be finished, and the message says what is saved and how to
  continue; 2 bad usage or input; 130 interrupted (143 by SIGTERM), with the study saved.
- With `OVERPARAM_STRICT_PLUGINS=1`, a plugin that fails is an error.
- `--plugin FILE.py` loads one file as a plugin for this call (docs/reference/plugins.md). `OVERPARAM_PLUGIN`
  may hold several, separated as in `PATH`.
- If the study exists, options that are not given are taken from it: `sweep --study FILE --trials 20` adds
  trials, `--k 26:30` adds cells.

## Completion

With one of these lines in its startup file, the shell completes commands, options, components
(`--activation soft⇥`), their parameters (`--optimizer gd:st⇥`), the parameters' choices and files:

<!-- skip: next "lines for a shell's startup file" -->

```console
eval "$(_OVERPARAM_COMPLETE=bash_source overparam)"    # ~/.bashrc, bash 4.4 or later
eval "$(_OVERPARAM_COMPLETE=zsh_source overparam)"     # ~/.zshrc
_OVERPARAM_COMPLETE=fish_source overparam | source     # ~/.config/fish/config.fish
```
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
    context.params["no_plugins"] = True  # so that the page does not depend on the installed plugins
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            yield from helps(command.get_command(context, child), child, context)


def page():
    sections = [f"## {path}\n\n```text\n{text}\n```\n" for path, text in helps(main, "overparam")]
    return "\n".join([HEAD.replace("\\\\", "\\"), *sections])


def test_the_page_is_the_help():
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(page(), encoding="utf-8")
    if PAGE.read_text(encoding="utf-8") != page():
        pytest.fail("the page is not the commands' help: run this test with WRITE_DOCS=1")
