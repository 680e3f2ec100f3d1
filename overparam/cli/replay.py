"""``overparam replay``: train one trial of a study again."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import click

from overparam.api import engines_named
from overparam.cli.options import echo_json, json_flag
from overparam.cli.output import echo
from overparam.cli.settings import Settings
from overparam.cli.trained import (
    plot_option,
    points_of_a_plot,
    print_training,
    record_every_option,
    training_document,
)
from overparam.figures import ENDINGS, save, training_figure
from overparam.files import check_output
from overparam.studies import EXPORTED, TrialKey, load_study
from overparam.sweeps import Replay, replay_trial

__all__ = ["replay"]

_SIZE = click.IntRange(min=0)


@click.command()
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--n", type=_SIZE, required=True, help="Samples.")
@click.option("--k", type=_SIZE, required=True, help="Hidden units.")
@click.option("--d", type=_SIZE, required=True, help="Inputs.")
@click.option("--trial", type=_SIZE, default=0, show_default=True)
@record_every_option
@plot_option
@json_flag
@click.pass_obj
def replay(settings: Settings, /, study: Path, plot: Path | None, **given: Any) -> None:
    """Train one trial of STUDY again and compare with the stored outcome.

    Backend, data type and engine are those of the session that trained it, if they are available; --engine
    selects another engine. Differences are printed. The exit code is 0 also if the outcomes differ; in JSON,
    "equal" says whether they agree.
    """
    if plot is not None:
        check_output(plot, ENDINGS, inputs=[study])
    registry, loaded = settings.registry, load_study(study)
    record_every = given["record_every"]
    if plot is not None and record_every is None:
        record_every = points_of_a_plot(int(loaded.specification["max_iterations"]))
    found = replay_trial(
        loaded,
        TrialKey(given["n"], given["k"], given["d"], given["trial"]),
        registry.resolve,
        partial(engines_named, registry),
        record_every=record_every,
        engine=settings.engine,
    )
    for note in found.notes:
        settings.note(f"Note: {note}")
    for objection in found.training.objections:
        settings.detail(f"engine {objection}")
    document = _document(found, given["trial"])
    if plot is not None:
        if found.outcome.history is None:
            raise click.UsageError(f"{document['optimizer']} has no iterations to plot")
        save(training_figure(found.outcome.history), plot)
    if given["as_json"]:
        echo_json(document)
    else:
        print_training(document)
        _print_verdict(found)


def _document(found: Replay, trial: int) -> dict[str, Any]:
    specification, stored = found.specification, found.stored._asdict()
    data, labels = specification.data, specification.labels
    named = {
        "seed": specification.seed,
        "trial": trial,
        "data": data.specification(),
        "labels": labels.specification(),
    }
    return {
        **training_document("replay", found.training, found.outcome, data, labels, named),
        "stored": {name: stored[name] for name in EXPORTED},
        "equal": found.equal,
        "notes": list(found.notes),
    }


def _print_verdict(found: Replay) -> None:
    if found.equal:
        echo(f"{'as stored':<18} yes, every value bit for bit, except wall time")
    for name, (stored, now) in found.differences.items():
        echo(f"{'as stored':<18} no: {name.replace('_', ' ')} is {now}, the study holds {stored}")
