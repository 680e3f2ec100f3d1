"""HTML for notebooks: tables in which everything is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from numbers import Integral, Real

__all__ = ["shown", "table"]


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
