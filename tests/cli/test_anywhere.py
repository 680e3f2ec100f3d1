"""Global options before and after the name of every command."""

from pathlib import Path

import click
import pytest

from overparam.cli.anywhere import GlobalOption
from overparam.cli.commands import COMMANDS
from overparam.cli.main import main

NEEDED = {
    "reproduce": ("fig2a",),
    "replay": ("a.study", "--n", "1", "--k", "1", "--d", "1"),
    "status": ("a.study",),
    "plot": ("a.study", "-o", "a.png"),
    "export": ("a.study", "-o", "a.csv"),
    "report": ("a.study", "-o", "a.html"),
    "merge": ("a.study", "-o", "b.study"),
    "salvage": ("a.study", "-o", "b.study"),
    "boundary": ("a.study",),
    "plugins check": ("overparam",),
    "plugins new": ("name", "--kind", "data"),
}
"""Arguments that commands require."""

TYPED = {
    "backend": ("--backend", "torch:device=cpu"),
    "dtype": ("--dtype", "float32"),
    "engine": ("--engine=portable",),
    "no_plugins": ("--no-plugins",),
    "disable_plugin": ("--disable-plugin", "numba", "--disable-plugin", "dask"),
    "plugin": ("--plugin", __file__),  # the file is not loaded: the tests only read the settings
    "verbose": ("-vv",),
    "quiet": ("-q",),
    "version": ("--version",),
}
VALUES = {
    "backend": "torch:device=cpu",
    "dtype": "float32",
    "engine": "portable",
    "no_plugins": True,
    "disable_plugin": ("numba", "dask"),
    "plugin": (Path(__file__),),
    "verbose": 2,
    "quiet": True,
}


def leaves(group=main, words=()):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, (*words, name))
        else:
            yield (*words, name)


def command_of(words):
    command = main
    for word in words:
        command = command.get_command(click.Context(command), word)
    return command


@pytest.fixture
def settings(overparam, monkeypatch):
    """A function that runs a command up to its callback and returns the settings, or else the output."""

    def call(words, *arguments):
        reached = []
        with monkeypatch.context() as patch:
            patch.setattr(
                command_of(words),
                "callback",
                lambda *_, **__: reached.append(click.get_current_context().obj),
            )
            done = overparam(*arguments)
        return reached[0] if reached else (done.code, done.output, done.errors.splitlines()[-1:])

    return call


def test_the_table_has_every_global_option():
    assert {option.name for option in main.params if isinstance(option, GlobalOption)} == set(TYPED)
    assert all(isinstance(option, GlobalOption) for option in main.params)


@pytest.mark.parametrize("words", list(leaves()), ids=" ".join)
def test_every_global_option_works_after_every_command(settings, words):
    needed = NEEDED.get(" ".join(words), ())
    usual = settings(words, *words, *needed)
    for name, typed in TYPED.items():
        before = settings(words, *typed, *words, *needed)
        places = [(*words, *typed, *needed), (*words, *needed, *typed)]
        if len(words) > 1:
            places.append((words[0], *typed, *words[1:], *needed))
        for place in places:
            assert settings(words, *place) == before
        if name == "version":
            assert before == (0, before[1], [])
            assert before[1].startswith("overparam, version ")
        elif name in ("backend", "dtype", "engine") and name not in COMMANDS[words[0]].uses:
            assert before == (2, "", [f"Error: {words[0]} does not use --{name}: leave it out"])
        else:
            assert vars(before) == {**vars(usual), name: VALUES[name]}


def test_what_is_said_on_both_sides(settings):
    said = settings(("train",), "-v", "--dtype", "float64", "train", "--dtype", "float32", "-vq")
    assert (said.dtype, said.verbose, said.quiet) == ("float32", 2, True)
    said = settings(("info",), "--disable-plugin", "numba", "info", "--disable-plugin", "dask")
    assert said.disable_plugin == ("numba", "dask")


def test_the_environment_is_overruled_after_the_command_too(overparam):
    small = ("train", "--n", 6, "--d", 2, "--k", 2, "--max-iterations", 1, "--json")
    assert overparam(*small, OVERPARAM_DTYPE="float32").document["dtype"] == "float32"
    call = overparam(*small, "--dtype", "float64", OVERPARAM_DTYPE="float32")
    assert call.document["dtype"] == "float64"


def test_a_sweeps_file_is_overruled_after_the_command_too(overparam, tmp_path):
    (tmp_path / "s.toml").write_text(
        "version = 1\nn = 6\nk = 1\nd = 1\nmax_iterations = 2\ndtype = 'float64'\n"
    )
    call = overparam("sweep", "s.toml", "--dtype", "float32", "--quiet", "--json")
    assert call.document["specification"]["dtype"] == "float32"
    assert call.errors == ""


def test_tracebacks_can_be_asked_for_after_the_command(overparam):
    assert "Traceback" in overparam("train", "--n", 0, "-vv").errors


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train", "--dtype", "float16"), "'float16' is not one of 'float32', 'float64'"),
        (("train", "--engine"), "Option '--engine' requires an argument"),
        (("train", "--backend", "nump"), "did you mean 'numpy'"),
        (("plugins", "list", "--disable-plugin", "num"), "no plugin is called 'num'"),
    ],
)
def test_what_is_wrong_is_said_after_the_command_too(overparam, arguments, said):
    call = overparam(*arguments)
    assert (call.code, call.output) == (2, "")
    assert said in call.errors


def test_help_shows_them_once():
    context = click.Context(main, info_name="overparam", **main.context_settings)
    assert "--disable-plugin" in main.get_help(context)
    for words in leaves():
        text = command_of(words).get_help(click.Context(command_of(words), parent=context))
        assert "--disable-plugin" not in text
        assert "`overparam --help` lists the global options, which work here too" in " ".join(text.split())
