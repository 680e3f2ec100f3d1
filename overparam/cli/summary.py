"""Problem, recipe and outcome as rows of text, which several commands print first."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from textwrap import TextWrapper
from typing import Any

from overparam.cli.output import echo

__all__ = ["echo_rows", "echo_wrapped", "text_width", "training_rows"]


def training_rows(document: Mapping[str, Any], outcome: Mapping[str, Any]) -> dict[str, str]:
    """Return names and texts: sizes, components, optimizer and the outcome.

    Parameters
    ----------
    document : mapping
        A command's JSON: "problem" and what `recipe_document` returns.
    outcome : mapping
        What `outcome_document` returns.
    """
    problem, step, rank = document["problem"], document["step_size"], outcome["rank"]
    layers = "both layers" if document["layers"] == "both" else f"{document['layers']} layer"
    return {
        "problem": "n={n}, d={d}, k={k}, seed {seed}, trial {trial}".format(**problem),
        "components": "{activation}, {data} data, {labels} labels".format(**problem),
        "trained": f"{layers}, " + "{loss} loss, {initialization} initialization".format(**document),
        "optimizer": document["optimizer"] + (f" (η = {step:.6g})" if step else ""),
        "status": outcome["status"].replace("_", " "),
        "iterations": f"{outcome['iterations']:,}",
        outcome["measure"]: f"{outcome['relative_residual']:.4g}",
        "‖θ − θ₀‖": f"{outcome['distance_from_initialization']:.4g}",
        "path length": f"{outcome['path_length']:.4g}",
        "parameters": f"{outcome['effective_parameters']} can act on n = {problem['n']} labels"
        + (f"; rank {rank}" if rank is not None else ""),
    }


def text_width() -> int:
    """Return the width of text in columns: the terminal's, at most 120."""
    return min(shutil.get_terminal_size().columns, 120)


def echo_rows(rows: Mapping[str, str]) -> None:
    """Write rows of a name and a text; the texts are wrapped beside the names."""
    indent = max(map(len, rows), default=0) + 2
    for name, text in rows.items():
        echo_wrapped(f"{name:<{indent}}{text}", indent)


def echo_wrapped(text: str, indent: int) -> None:
    """Write a wrapped text with continuation lines indented by `indent` columns; words stay whole."""
    wrapper = TextWrapper(
        text_width(), subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    )
    echo(wrapper.fill(text))
