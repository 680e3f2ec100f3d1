"""How to cite the program and the paper, and under which licence the data of a study are."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, metadata, version
from typing import Any, Final

__all__ = ["PAPER", "PROGRAM", "bibtex", "data_licence"]

PROGRAM: Final = {
    "title": "overparam: moderate overparameterization, runnable",
    "author": "The overparam authors",
    "licence": "BSD-3-Clause",
}
"""As CITATION.cff has it; the file itself is no part of an installed package."""

PAPER: Final = {
    "title": "Towards moderate overparameterization: global convergence guarantees for training shallow "
    "neural networks",
    "author": "Samet Oymak and Mahdi Soltanolkotabi",
    "year": "2019",
    "eprint": "1902.04674",
    "url": "https://arxiv.org/abs/1902.04674",
}

_RANDOM = ("sphere", "separated")


def bibtex() -> str:
    """Both as BibTeX entries."""
    program = [
        ("title", f"{{{PROGRAM['title']}}}"),
        ("author", f"{{{PROGRAM['author']}}}"),
        ("version", version("overparam")),
    ]
    paper = [
        ("title", PAPER["title"]),
        ("author", PAPER["author"]),
        ("year", PAPER["year"]),
        ("eprint", PAPER["eprint"]),
        ("archivePrefix", "arXiv"),
    ]
    entries = (("software", "overparam", program), ("misc", "oymak2019moderate", paper))
    return "\n\n".join(
        "\n".join([f"@{kind}{{{key},", *(f"  {name} = {{{text}}}," for name, text in fields), "}"])
        for kind, key, fields in entries
    )


def data_licence(specification: Mapping[str, Any]) -> str:
    """Say whose the data are, as far as the specification tells."""
    data = str(specification.get("data", ""))
    owner = str(specification.get("data_distribution", "overparam"))
    if owner == "overparam":
        if data.partition(":")[0] in _RANDOM:
            return "The data are drawn at random from the seed: they are nobody's, and no licence is needed."
        return "The data are read from a file. overparam does not know their licence: ask who made the study."
    try:
        said = metadata(owner)
    except PackageNotFoundError:
        return f"The data are brought by {owner}, which is not installed here; its licence is not known."
    fields = [field for field in ("License-Expression", "License") if field in said]
    licence = said[fields[0]] if fields else "no licence"
    return f"The data are brought by {owner} {said['Version']}, which states {licence} for the package."
