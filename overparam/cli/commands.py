"""The commands under their headings, with a line and an example each, known without importing them."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["COMMANDS", "SECTIONS", "WHERE", "Entry"]

WHERE: Final = ("backend", "dtype", "engine")
"""The global options that say where to compute."""


class Entry(NamedTuple):
    """What the list of commands says of one.

    Attributes
    ----------
    help, example : str
    uses : tuple of str
        Which of the global options that say where to compute the command uses; it refuses the others.
    """

    help: str
    example: str
    uses: tuple[str, ...] = ()


SECTIONS: Final[dict[str, dict[str, Entry]]] = {
    "Run": {
        "train": Entry(
            "Train one realization and report how it ended.",
            "overparam train --n 100 --d 20 --k 20 --activation relu",
            WHERE,
        ),
        "sweep": Entry(
            "Run or resume a phase diagram.",
            "overparam sweep --n 100 --k 1:25 --d 5,10,20 --study my.study",
            WHERE,
        ),
        "reproduce": Entry(
            "Measure a figure of the paper, or a claim of the literature, again.",
            "overparam reproduce fig2a --output figure2",
            WHERE,
        ),
        "replay": Entry(
            "Train one trial of a study again and compare with what it holds.",
            "overparam replay my.study --n 100 --k 12 --d 10",
            ("engine",),
        ),
    },
    "Look": {
        "status": Entry(
            "What a study holds, what is left, and its 50 % boundary so far.", "overparam status my.study"
        ),
        "boundary": Entry(
            "Where half of the training runs succeed, and how that scales with n and d.",
            "overparam boundary my.study -o boundary.png",
        ),
        "plot": Entry("Draw a study's phase diagram.", "overparam plot my.study -o diagram.png"),
        "report": Entry(
            "Write studies as one HTML file to hand over.", "overparam report my.study -o report.html"
        ),
        "export": Entry("Write a study as a table, one row a trial.", "overparam export my.study -o my.csv"),
        "merge": Entry(
            "Make one study of several of one specification, such as shards.",
            "overparam merge shard1.study shard2.study -o all.study",
        ),
        "salvage": Entry(
            "Take what is whole of a damaged study.", "overparam salvage damaged.study -o whole.study"
        ),
    },
    "Theory": {
        "theory": Entry(
            "Compute the paper's quantities for a data set and an activation.",
            "overparam theory --n 100 --d 20 --activation softplus",
            ("backend", "dtype"),
        ),
        "certify": Entry(
            "Train, and evaluate every theorem that applies.",
            "overparam certify --optimizer gd:step_size=theorem",
            ("backend", "dtype"),
        ),
    },
    "Around": {
        "describe": Entry(
            "Components, their parameters, and which package brings each.", "overparam describe activations"
        ),
        "plugins": Entry("Look at the installed plugins.", "overparam plugins list"),
        "info": Entry(
            "Versions, backends, devices and engines, and why one is unavailable.", "overparam info"
        ),
    },
}
COMMANDS: Final = {name: entry for section in SECTIONS.values() for name, entry in section.items()}
