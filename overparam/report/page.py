"""The page: what the template shows, and the one HTML document that comes of it."""

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
    """A report was asked for and Jinja2 cannot be imported."""


@dataclass(frozen=True)
class Told:
    """What the page says of one study.

    Attributes
    ----------
    name : str
        Of its file.
    provenance : Provenance
    runs : sequence of Run
        Training runs that were replayed.
    notes : sequence of str
        Why others were not.
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
        The second is when and by which version.
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
    """Return the templates, in which every text is escaped.

    Raises
    ------
    ReportingUnavailable
        Without Jinja2; the message says what to install.
    """
    try:
        # Inside the function: Jinja2 is optional.
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
        # Whatever a text holds, a reader sees it: also what would turn the reading direction.
        finalize=lambda value: (
            visible(value, "\n") if isinstance(value, str) and type(value) is str else value
        ),
    )
    made.filters["number"] = _number
    return made


def require() -> None:
    """Raise `ReportingUnavailable` where no report can be written; to be called before any work is done."""
    environment()


def html_of(page: Page, templates: Environment | None = None) -> str:
    """Return the document; nothing in it is fetched from elsewhere, and no script but its own runs."""
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
    """A training run, and the cell of the diagrams that it is of."""
    mine = [(number, panel) for number, panel in enumerate(page.panels) if panel.study == study]
    places = [(number, place_of(panel, run.cell)) for number, panel in mine]
    panel, place = next((found for found in places if found[1] is not None), (None, None))
    name = page.studies[study].name
    return {"run": run, "plot": run_plot(run), "panel": panel, "place": place, "study": name}


class _Safe(str):
    """A text that is markup already."""

    def __html__(self) -> str:
        return self


def _source(templates: Environment, name: str) -> str:
    assert templates.loader is not None
    return templates.loader.get_source(templates, name)[0]


def _policy(style: str, script: str) -> str:
    """A Content-Security-Policy by which only this style and this script work, and nothing is fetched."""
    allowed = {"style-src": _digest(style), "script-src": _digest(script), "img-src": "data:"}
    nothing = ("default-src", "base-uri", "form-action")
    return "; ".join(
        [*(f"{name} 'none'" for name in nothing), *(f"{name} {source}" for name, source in allowed.items())]
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _number(value: Any, form: str = ".3g") -> str:
    """A number in few digits, a dash where there is none."""
    return "–" if value is None else format(value, form)
