"""The page: the data for the template, and the resulting HTML document."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from overparam.markup import visible
from overparam.palette import SCALES
from overparam.report.citation import PAPER, bibtex
from overparam.report.claims import KINDS, Claim, Fit
from overparam.report.numbers import numbers_of, place_of, spelled
from overparam.report.panels import Panel, picture_of
from overparam.report.plots import boundaries, run_plot
from overparam.report.provenance import Provenance
from overparam.report.runs import Run

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Page", "ReportingUnavailable", "Told", "environment", "html_of", "require"]


class ReportingUnavailable(ImportError):
    """Error for a report if Jinja2 cannot be imported."""


@dataclass(frozen=True)
class Told:
    """The page's text on one study.

    Attributes
    ----------
    name : str
        Name of its file.
    provenance : Provenance
    runs : sequence of Run
        Replayed training runs.
    notes : sequence of str
        Reasons why others were not replayed.
    """

    name: str
    provenance: Provenance
    runs: Sequence[Run] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Page:
    """Everything on the page.

    Attributes
    ----------
    title, written : str
        The title, and the date and version of the report.
    studies : sequence of Told
    panels : sequence of Panel
    claims : sequence of Claim
    fit : Fit
    unfinished : bool
        Whether a sweep is still writing to a study.
    """

    title: str
    written: str
    studies: Sequence[Told]
    panels: Sequence[Panel]
    claims: Sequence[Claim] = ()
    fit: Fit = field(default_factory=Fit)
    unfinished: bool = False


def environment() -> Environment:
    """Return the environment of the templates, in which every text is escaped.

    Raises
    ------
    ReportingUnavailable
        If Jinja2 is not available; the message says what to install.
    """
    try:
        # Imported here: Jinja2 is optional.
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise ReportingUnavailable(
            f"a report needs Jinja2, which cannot be imported ({error}): pip install 'overparam[report]'"
        ) from error
    made = Environment(
        loader=PackageLoader("overparam.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Invisible characters are shown, also those that would change the reading direction.
        finalize=lambda value: (
            visible(value, "\n") if isinstance(value, str) and type(value) is str else value
        ),
    )
    made.filters["number"] = _number
    return made


def require() -> None:
    """Raise `ReportingUnavailable` if no report can be written; called before any work is done."""
    environment()


def html_of(page: Page, templates: Environment | None = None) -> str:
    """Return the document; it loads nothing from elsewhere, and only its own script runs."""
    templates = templates or environment()
    style = _source(templates, "report.css")
    script = _source(templates, "report.js")
    runs = [_shown(page, number, run) for number, told in enumerate(page.studies) for run in told.runs]
    numbers = numbers_of([{"name": visible(told.name)} for told in page.studies], page.panels)
    return templates.get_template("report.html.jinja").render(
        page=page,
        policy=_policy(style, script),
        style=_Safe(style),
        script=_Safe(script),
        numbers=_Safe(spelled(numbers)),
        pictures=[picture_of(panel, page.claims) for panel in page.panels],
        plots=boundaries(page.panels),
        runs=runs,
        scales=SCALES,
        kinds=[(kind, text) for kind, text in KINDS.items() if any(one.kind == kind for one in page.claims)],
        bibtex=bibtex(),
        paper=PAPER,
    )


def _shown(page: Page, study: int, run: Run) -> dict[str, Any]:
    """Return a training run for the template, with its cell in the diagrams."""
    mine = [(number, panel) for number, panel in enumerate(page.panels) if panel.study == study]
    places = [(number, place_of(panel, run.cell)) for number, panel in mine]
    panel, place = next((found for found in places if found[1] is not None), (None, None))
    name = page.studies[study].name
    return {"run": run, "plot": run_plot(run), "panel": panel, "place": place, "study": name}


class _Safe(str):
    """A text that is already markup."""

    def __html__(self) -> str:
        return self


def _source(templates: Environment, name: str) -> str:
    assert templates.loader is not None
    return templates.loader.get_source(templates, name)[0]


def _policy(style: str, script: str) -> str:
    """Return a Content-Security-Policy that allows only this style and this script, and no requests."""
    allowed = {"style-src": _digest(style), "script-src": _digest(script), "img-src": "data:"}
    nothing = ("default-src", "base-uri", "form-action")
    return "; ".join(
        [*(f"{name} 'none'" for name in nothing), *(f"{name} {source}" for name, source in allowed.items())]
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _number(value: Any, form: str = ".3g") -> str:
    """Return a number with few digits, or a dash for None."""
    return "–" if value is None else format(value, form)
