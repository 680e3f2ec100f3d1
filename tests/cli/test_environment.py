"""Environment variables: those of options, and unknown ones."""

import pytest

INFO = ("plugins", "list")
SMALL = ("train", "--n", 6, "--d", 2, "--k", 2, "--max-iterations", 1)


@pytest.mark.parametrize(
    ("variable", "nearest"),
    [
        ("OVERPARAM_BAKEND", "OVERPARAM_BACKEND"),
        ("OVERPARAM_SWEEP_TRAILS", "OVERPARAM_SWEEP_TRIALS"),
        ("OVERPARAM_TRAIN_DTYPE", "OVERPARAM_TRAIN_D"),
        ("OVERPARAM_PLUGINS_NEW_KIN", "OVERPARAM_PLUGINS_NEW_KIND"),
    ],
)
def test_an_unknown_variable_is_reported_in_one_line(overparam, variable, nearest):
    call = overparam("plugins", "list", "--json", **{variable: "3"})
    assert call.code == 0
    assert call.errors == (f"Warning: unknown environment variables: {variable}; did you mean {nearest!r}?\n")
    assert set(call.document) == {"plugins", "clashes"}


def test_several_are_one_line_and_control_characters_are_shown(overparam):
    call = overparam(*INFO, **{"OVERPARAM_QQQQQQ": "1", "OVERPARAM_\x1b[2J": "1"})
    [line] = call.errors.splitlines()
    assert "OVERPARAM_QQQQQQ" in line
    assert "OVERPARAM_\\x1b[2J" in line


@pytest.mark.parametrize(
    "variable",
    [
        "OVERPARAM_SWEEP_TRIALS",
        "OVERPARAM_TRAIN_MAX_ITERATIONS",
        "OVERPARAM_TRAIN_JSON",
        "OVERPARAM_PLUGINS_NEW_KIND",
        "OVERPARAM_STRICT_PLUGINS",
        "OVERPARAM_CACHE_DIR",
        "_OVERPARAM_COMPLETE",
        "OTHER_OVERPARAM_X",
    ],
)
def test_variables_that_are_read_are_not_reported(overparam, variable):
    assert overparam(*INFO, **{variable: "1"}).errors == ""


def test_help_is_printed_without_looking(overparam):
    assert overparam("--help", OVERPARAM_BAKEND="1").errors == ""


def test_options_are_read_from_variables_spelled_as_they_are(overparam):
    assert overparam(*SMALL, OVERPARAM_TRAIN_JSON="1").document["command"] == "train"
    assert overparam(*SMALL, OVERPARAM_TRAIN_AS_JSON="1").document["command"] == "train"
    sweep = ("sweep", "--n", 6, "--d", 1, "--k", 1, "--max-iterations", 1, "--json")
    document = overparam(*sweep, OVERPARAM_SWEEP_VERIFY="1").document
    assert document["verification"]["trials"] == 1


def test_an_option_of_a_nested_command_has_its_variable(overparam):
    call = overparam("plugins", "new", "my thing", OVERPARAM_PLUGINS_NEW_KIND="data")
    assert call.code == 2
    assert "lower-case letters" in call.errors
