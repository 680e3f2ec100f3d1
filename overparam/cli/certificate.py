"""A certificate as text: one line per theorem and a legend, or every hypothesis, promise and note."""

from __future__ import annotations

import math
from io import StringIO
from typing import TYPE_CHECKING

import click

from overparam.cli.output import echo
from overparam.cli.summary import echo_wrapped, text_width
from overparam.cli.visible import visible
from overparam.theory import Certificate, Conclusion, Evaluated, Hypothesis

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["echo_details", "echo_lines"]

_VERDICTS = 80
"""Columns that the verdicts need; with 20 more, the hypothesis that is missed most is shown too."""

_COLOURS = {"met": "green", "kept": "green", "missed": "yellow", "broken": "red", "vacuous": "yellow"}

_WORDS = {
    "hypotheses": "met; missed N×: the worst one fails by the factor N; open: one could not be decided; none "
    "asked",
    "promises": "kept, broken, open or vacuous (the theorem promises nothing here), with the worst ratio of "
    "measured to promised: at most 1 if kept",
    "rate": "fraction by which ‖f(W_τ) − y‖ falls per update, averaged over the run: measured, and promised "
    "at least",
    "P ≥": "lower bound on the probability of the promises; vacuous if it is 0 or less",
}

_SYMBOLS = {
    "n, d, k": "samples, inputs, hidden units; kd hidden weights",
    "X, y, W, v": "data, labels, hidden and output weights; W₀ at the start, W_τ after τ updates",
    "θ": "the trained weights, of W and v",
    "f, J": "the network's outputs on X, and their Jacobian",
    "η, η̄": "step size, and step size over the largest that the theorem allows",
    "φ, B, M": "activation; |φ′|, |φ″| ≤ B; |φ″| ≤ M",
    "μ, μ̃, μ_r": "E[gφ′(g)], E[φ′(g)] and the r-th Hermite coefficient, g ~ N(0, 1)",
    "Σ, λ; Σ̃, λ̃": "kernel matrices of φ′ and of φ, and their least eigenvalues",
    "σ, σmin(X∗X)": "least singular value of the Khatri–Rao product of X with itself",
    "κ, κ̃": "√(d/n)‖X‖/σ², √(d/n)‖X‖/λ",
    "δ": "--delta; a larger δ gives a higher probability. In Theorem I.1, the separation of the samples",
    "c, C": "constants that the paper does not give",
}


def echo_lines(certificate: Certificate) -> None:
    """Write one line per theorem, the theorems that could not be evaluated, and a legend."""
    if certificate.evaluated:
        _echo_table(_verdicts(certificate))
        echo()
    _echo_others(certificate)
    _echo_legend(_WORDS)
    echo("--details lists every hypothesis, promise and note; --json all numbers.")


def echo_details(certificate: Certificate) -> None:
    """Write every hypothesis, promise and note of every theorem, and a legend of the symbols."""
    for one in certificate.evaluated:
        _echo_theorem(one)
    _echo_others(certificate)
    _echo_legend({**_WORDS, **_SYMBOLS})


def _verdicts(certificate: Certificate) -> Table:
    # Imported here: importing rich takes a tenth of a second, and JSON does not need it.
    from rich.table import Table
    from rich.text import Text

    room = text_width() - _VERDICTS
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="")
    table.add_column("theorem", overflow="fold", min_width=14)
    for header in ("hypotheses", "promises"):
        table.add_column(header, no_wrap=True)
    for header in ("measured\nrate", "promised\nrate", "P ≥"):
        table.add_column(header, no_wrap=True, justify="right")
    if room >= 20:
        table.add_column("missed most", no_wrap=True)
    for one in certificate.evaluated:
        asked, kept = _hypotheses(one), _promises(one)
        rates = ["–"] * 2 if one.rate is None else [_number(part, 2) for part in one.rate]
        row: list[str | Text] = [
            Text(visible(one.theorem.title)),
            Text(asked, _COLOURS.get(asked.split()[0], "")),
            Text(kept, _COLOURS.get(kept.split()[0], "")),
            *rates,
            _probability(one),
        ]
        if room >= 20:
            row.append(Text(_shortened(visible(one.missed_most.statement), room) if one.missed_most else ""))
        table.add_row(*row)
    return table


def _hypotheses(one: Evaluated) -> str:
    if not one.hypotheses:
        return "none asked"
    if one.missed_most is None:
        return "met" if one.hypotheses_met else "open"
    return f"missed {_factor(one.missed_most.missed_by or math.inf)}×"


def _promises(one: Evaluated) -> str:
    if one.vacuous:
        return "vacuous"
    word = {True: "kept", False: "broken", None: "open"}[one.promises_kept]
    return word if one.worst_ratio is None else f"{word} {_number(one.worst_ratio, 3)}"


def _probability(one: Evaluated) -> str:
    if one.probability is None:
        return "–"
    return _number(one.probability, 3) if one.probability > 0.0 else "vacuous"


def _factor(value: float) -> str:
    """Return a factor as text with two digits, written out if that is short."""
    return f"{float(f'{value:.2g}'):,.0f}" if 10.0 <= value < 1e5 else _number(value, 2)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _number(value: float, digits: int) -> str:
    """Return a number as text for a narrow column."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0.0 else "−∞"
    return f"{value:.{digits}g}"


def _echo_table(table: Table) -> None:
    from rich.console import Console

    lines = StringIO()
    Console(
        file=lines, width=text_width(), force_terminal=True, color_system="standard", highlight=False
    ).print(table)
    echo("\n".join(line.rstrip() for line in lines.getvalue().splitlines()))


def _echo_others(certificate: Certificate) -> None:
    """Write the theorems about other settings, and those that failed."""
    if certificate.inapplicable:
        echo("Theorems about other settings")
        width = max(len(visible(other.theorem.title)) for other in certificate.inapplicable)
        for other in certificate.inapplicable:
            echo_wrapped(f"  {visible(other.theorem.title):<{width}} {visible(other.reason)}", width + 3)
        echo()
    if certificate.failed:
        echo(click.style("Failed and set aside", fg="red"))
        for failed in certificate.failed:
            component = f"{failed.name} ({failed.component} of {failed.origin})"
            echo_wrapped(f"  {visible(component)}: {visible(failed.reason)}", 18)
        echo()


def _echo_legend(words: dict[str, str]) -> None:
    for word, meaning in words.items():
        echo_wrapped(f"{word:<13} {meaning}", 14)


def _echo_theorem(one: Evaluated) -> None:
    echo(click.style(visible(one.theorem.title), bold=True))
    for hypothesis in one.hypotheses:
        ratio = f", ratio {hypothesis.ratio:.3g}" if math.isfinite(hypothesis.ratio) else ""
        sides = f"{hypothesis.left:.3g} against {hypothesis.right:.3g}{ratio}"
        _echo_part("if", hypothesis, sides)
    for conclusion in one.conclusions:
        worst = conclusion.worst_ratio
        _echo_part("then", conclusion, "no ratio" if math.isnan(worst) else f"worst ratio {worst:.3g}")
    if (width := one.smallest_width) is not None:
        shown = f"{width:,.0f}" if width < 1e9 else _number(width, 3)
        echo(f"  smallest k for its condition on the width: {shown if math.isfinite(width) else 'none'}")
    if one.probability is not None:
        nothing = " (the theorem promises nothing)" if one.probability <= 0.0 else ""
        echo(f"  with probability at least {one.probability:.6g}{nothing}")
    echo()


def _echo_part(word: str, part: Hypothesis | Conclusion, sides: str) -> None:
    verdict = {True: "yes", False: "no", None: "?"}[part.holds]
    where = "" if part.at_iteration is None else f" at iteration {part.at_iteration:,}"
    echo_wrapped(f"  {word:<4} {verdict:<3} {visible(part.statement)}", 11)
    for line in (f"{sides}{where}", visible(part.note)):
        if line:
            echo_wrapped(f"{'':<11}{line}", 11)
