"""Text from other sources on a terminal: control characters are shown, not sent."""

import json
import unicodedata

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from overparam.cli.settings import Failure
from overparam.cli.visible import visible, visible_json


def moves_or_turns(text):
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


@given(st.text(st.characters()))
def test_nothing_hidden_is_left_and_a_document_stays_the_same(text):
    assert not moves_or_turns(visible(text))
    visible(text).encode()
    document = visible_json(json.dumps({text: [text]}, ensure_ascii=False, indent=2))
    assert set(moves_or_turns(document)) <= {"\n"}
    document.encode()
    assert json.loads(document) == {text: [text]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, and ø, μ̃, 中", "plain, and ø, μ̃, 中"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202eabc", "\\u202eabc"),
        ("\x9b\x7f\r", "\\x9b\\x7f\\r"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
    ],
)
def test_what_is_shown(text, shown):
    assert visible(text) == shown


def test_errors_are_shown_so():
    for error in (ValueError("\x1b[2J"), OSError(2, "\x1b", "\u202ea"), RuntimeError("\x07")):
        assert not moves_or_turns(Failure.of(error).message)
    assert isinstance(Failure.of(ValueError("a")), click.ClickException)
