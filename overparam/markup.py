"""Foreign text shown as plain text: HTML tables with everything escaped, invisible characters as escapes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape
from numbers import Integral, Real

__all__ = ["figure_text", "is_hidden", "shown", "table", "visible"]

_ODD = re.compile(r"[^\x20-\x7e]")
_HIDDEN = ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")
"""Unicode categories: control and format characters, surrogates, unassigned, private use, line ends."""


def shown(value: object) -> str:
    """Return a value as text: six digits for a number, a dash for None."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return f"{int(value):,}"
    return f"{float(value):.6g}" if isinstance(value, Real) else str(value)


def figure_text(text: str) -> str:
    """Return text that matplotlib draws as it is: to it, dollar signs enclose formulas."""
    return text.replace("$", r"\$")


def table(caption: str, rows: Iterable[Sequence[object]], head: Sequence[str] = ()) -> str:
    """Return an HTML table with all text escaped; the first cell of each row is its header."""
    lines = [f"<table><caption>{escape(caption)}</caption>"]
    if head:
        lines.append(f"<thead><tr>{''.join(f'<th>{escape(one)}</th>' for one in head)}</tr></thead>")
    lines.append("<tbody>")
    for first, *others in rows:
        cells = "".join(f"<td>{escape(shown(one))}</td>" for one in others)
        lines.append(f'<tr><th scope="row">{escape(shown(first))}</th>{cells}</tr>')
    return "\n".join([*lines, "</tbody></table>"])


def is_hidden(letter: str) -> bool:
    """Whether a character is invisible: control, format, surrogate, unassigned, private use or line end."""
    return unicodedata.category(letter) in _HIDDEN


def visible(text: object, keep: str = "") -> str:
    """Return a text with invisible characters as Python escapes, such as ``\\x1b`` or ``\\u202e``.

    Parameters
    ----------
    text : object
    keep : str
        Control characters to leave as they are, such as line ends.
    """

    def shown(found: re.Match[str]) -> str:
        letter = found[0]
        if letter in keep or not is_hidden(letter):
            return letter
        return letter.encode("unicode_escape").decode() if letter.isascii() else ascii(letter)[1:-1]

    return _ODD.sub(shown, str(text))
