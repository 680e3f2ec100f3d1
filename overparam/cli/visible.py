"""Text of others on a terminal: what is in a file must not move the cursor or turn the reading direction."""

from __future__ import annotations

import json
import re

from overparam.markup import is_hidden, visible

__all__ = ["visible", "visible_json"]

_ODD = re.compile(r"[^\x20-\x7e]")


def visible_json(text: str) -> str:
    """Return a JSON document with such characters escaped as JSON escapes them; the document is the same."""

    def shown(found: re.Match[str]) -> str:
        letter = found[0]
        if letter == "\n" or not is_hidden(letter):
            return letter
        return json.dumps(letter)[1:-1] if letter != "\x7f" else "\\u007f"

    return _ODD.sub(shown, text)
