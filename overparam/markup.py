"""Text of others, shown as text: HTML tables that escape everything, and letters that no reader would see."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape
from numbers import Integral, Real

__all__ = ["is_hidden", "shown", "table", "visible"]

_ODD = re.compile(r"[^\x20-\x7e]")
_HIDDEN = ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
"""Unicode's categories of control and format characters, surrogates, line ends and what has no meaning."""


def shown(value: object) -> str:
    """A value as a reader wants it: six digits, a dash for what is not there."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return f"{int(value):,}"
    return f"{float(value):.6g}" if isinstance(value, Real) else str(value)


def table(caption: str, rows: Iterable[Sequence[object]], head: Sequence[str] = ()) -> str:
    """Return an HTML table; the first cell of a row names it, and nothing in it is taken for markup."""
    lines = [f"<table><caption>{escape(caption)}</caption>"]
    if head:
        lines.append(f"<thead><tr>{''.join(f'<th>{escape(one)}</th>' for one in head)}</tr></thead>")
    lines.append("<tbody>")
    for first, *others in rows:
        cells = "".join(f"<td>{escape(shown(one))}</td>" for one in others)
        lines.append(f'<tr><th scope="row">{escape(shown(first))}</th>{cells}</tr>')
    return "\n".join([*lines, "</tbody></table>"])


def is_hidden(letter: str) -> bool:
    """Whether a letter is a control or format character, a surrogate, a line end or without meaning."""
    return unicodedata.category(letter) in _HIDDEN


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
        if letter in keep or not is_hidden(letter):
            return letter
        return letter.encode("unicode_escape").decode() if letter.isascii() else ascii(letter)[1:-1]

    return _ODD.sub(shown, str(text))
