"""The examples in docstrings run; those of each docstring run in their own folder."""

import doctest
import importlib
import pkgutil

import pytest

import overparam as op
from overparam.studies import PhaseDiagram, Study

MODULES = [
    importlib.import_module(found.name)
    for room in ("overparam.api", "overparam.studies")
    for found in pkgutil.iter_modules(importlib.import_module(room).__path__, f"{room}.")
]
EXAMPLES = [test for module in MODULES for test in doctest.DocTestFinder().find(module) if test.examples]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda test: test.name)
def test_examples(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = []
    assert doctest.DocTestRunner().run(example, out=said.append).failed == 0, "".join(said)


@pytest.mark.parametrize(
    "function",
    [
        *(op.draw_problem, op.train, op.sweep, op.replay, op.describe, op.load_study),
        *(Study.diagram, PhaseDiagram.boundary),
    ],
    ids=lambda function: function.__qualname__,
)
def test_public_functions_have_one(function):
    assert f"{function.__module__}.{function.__qualname__}" in {test.name for test in EXAMPLES}
