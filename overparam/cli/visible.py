"""Foreign text on a terminal: it must not move the cursor or change the reading direction."""

from __future__ import annotations

import json
import re

from overparam.markup import is_hidden, visible

__all__ = ["visible", "visible_json"]

_ODD = re.compile(r"[^\x20-\x7e]")


def visible_json(text: str) -> str:
    """Return the same JSON document with invisible characters as JSON escapes."""

    def shown(found: re.Match[str]) -> str:
        letter = found[0]
        if letter == "\n" or not is_hidden(letter):
            return letter
        return json.dumps(letter)[1:-1] if letter != "\x7f" else "\\u007f"

    return _ODD.sub(shown, text)
