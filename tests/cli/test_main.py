"""The list of commands: headings, one line and one example each."""

import click
import pytest

from overparam.cli.commands import COMMANDS, SECTIONS
from overparam.cli.main import main


def test_the_commands_stand_under_headings(overparam):
    lines = overparam("--help").output.splitlines()
    headings = [line.removesuffix(":") for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["Options", "Run", "Look", "Theory", "Around"]
    assert list(SECTIONS) == headings[1:]
    for name, entry in COMMANDS.items():
        place = next(i for i, line in enumerate(lines) if line.startswith(f"  {name} "))
        assert entry.example in (line.strip() for line in lines[place + 1 : place + 3])


@pytest.mark.parametrize("name", COMMANDS)
def test_an_example_is_a_command_line(name):
    """The example is parsed unchanged; nothing is run."""
    program, *words = COMMANDS[name].example.split()
    assert (program, words[0]) == ("overparam", name)
    # The program's settings are needed: a command keeps the help option of the first context that uses it.
    command, context = main, click.Context(main, info_name=program, **main.context_settings)
    while isinstance(command, click.Group):
        command = command.get_command(context, words.pop(0))
    with command.make_context(name, words, parent=context) as parsed:
        assert parsed.args == []
