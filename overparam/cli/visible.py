"""Text of others on a terminal: what is in a file must not move the cursor or turn the reading direction."""

from __future__ import annotations

import json
import re
import unicodedata

__all__ = ["visible", "visible_json"]

_ODD = re.compile(r"[^\x20-\x7e]")
_HIDDEN = ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
"""Unicode's categories of control and format characters, surrogates, line ends and what has no meaning."""


def visible(text: object, keep: str = "") -> str:
    """Return a text with what no reader would see written as Python would, such as ``\\x1b`` or ``\\u202e``.

    Parameters
    ----------
    text : object
    keep : str
        Control characters that may stand, such as line ends.
    """

    def shown(found: re.Match[str]) -> str:
        letter = found[0]
        if letter in keep or unicodedata.category(letter) not in _HIDDEN:
            return letter
        return letter.encode("unicode_escape").decode() if letter.isascii() else ascii(letter)[1:-1]

    return _ODD.sub(shown, str(text))


def visible_json(text: str) -> str:
    """Return a JSON document with such characters escaped as JSON escapes them; the document is the same."""

    def shown(found: re.Match[str]) -> str:
        letter = found[0]
        if letter == "\n" or unicodedata.category(letter) not in _HIDDEN:
            return letter
        return json.dumps(letter)[1:-1] if letter != "\x7f" else "\\u007f"

    return _ODD.sub(shown, text)
