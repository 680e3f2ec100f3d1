"""Plugins that misbehave, generated from a table of wrong actions; errors must name the plugin."""

from dataclasses import dataclass
from itertools import product
from textwrap import indent

HEAD = """
import asyncio, os, sys
import concurrent.futures
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import ClassVar
import click
import numpy as np
from overparam.plugin import *
from overparam.studies.errors import StudyError

class Odd(Exception):
    exit_code = 0

class Sly(StudyError):
    exit_code = 0
"""
FAMILIES = {
    "activation": """
        @dataclass(frozen=True)
        class Mine(Activation):
            name: ClassVar[str] = "{name}"
            bound = 1.0
            def value(self, z):
                {value}
            def derivative(self, z):
                {derivative}
        @hookimpl
        def overparam_activations():
            return [Mine]
        """,
    "data": """
        @dataclass(frozen=True)
        class Mine(DataGenerator):
            name: ClassVar[str] = "{name}"
            def shape(self):
                {shape}
            def draw(self, n, d, rng):
                X = np.ones((n, d)) / d ** 0.5
                {draw}
        @hookimpl
        def overparam_data():
            return [Mine]
        """,
    "labels": """
        @dataclass(frozen=True)
        class Mine(Labels):
            name: ClassVar[str] = "{name}"
            def draw(self, dataset, rng):
                n = len(dataset.X)
                {draw}
        @hookimpl
        def overparam_labels():
            return [Mine]
        """,
    "optimizer": """
        @dataclass(frozen=True)
        class Mine(FirstOrder):
            name: ClassVar[str] = "{name}"
            def __post_init__(self):
                {made}
            def init(self, weights):
                {init}
            def update(self, weights, gradient, state, step):
                {update}
            def step_size_for(self, problem, activation):
                {step_size}
        @hookimpl
        def overparam_optimizers():
            return [Mine]
        """,
    "engine": """
        from overparam.runs import Portable
        @dataclass(frozen=True)
        class Mine(Engine):
            name: ClassVar[str] = "{name}"
            def objection(self, job):
                {objection}
            def run(self, job):
                done = list(Portable().run(job))
                first = done[0][1]
                {run}
        @hookimpl
        def overparam_engines():
            return [Mine]
        """,
    "executor": """
        class Pool(ThreadPoolExecutor):
            def submit(self, function, *args):
                future = Future()
                {submit}
                return future
        @dataclass(frozen=True)
        class Mine(Executor):
            name: ClassVar[str] = "{name}"
            def create(self):
                {create}
            def parallelism(self):
                {parallelism}
        @hookimpl
        def overparam_executors():
            return [Mine]
        """,
}
SOUND = {
    "value": "return np.tanh(z)",
    "derivative": "return 1.0 - np.tanh(z) ** 2",
    "shape": "return None",
    "draw": None,
    "made": "pass",
    "init": "return ()",
    "update": "return weights - step.size * gradient, state",
    "step_size": "return 0.1",
    "objection": "return None",
    "run": "yield from done",
    "submit": "future.set_result(function(*args))",
    "create": "return Pool(1)",
    "parallelism": "return 1",
}
ENDS = {
    "SystemExit": "raise SystemExit(0)",
    "exit": "sys.exit()",
    "GeneratorExit": "raise GeneratorExit",
    "odd": "raise Odd('odd')",
    "sly": "raise Sly('sly')",
    "click": "raise click.exceptions.Exit(0)",
    "pipe": "raise BrokenPipeError(32, 'pipe')",
    "cancelled": "raise asyncio.CancelledError",
}
PLACES = [
    ("activation", "value"),
    ("activation", "derivative"),
    ("data", "draw"),
    ("data", "shape"),
    ("labels", "draw"),
    ("optimizer", "made"),
    ("optimizer", "init"),
    ("optimizer", "update"),
    ("optimizer", "step_size"),
    ("engine", "objection"),
    ("engine", "run"),
    ("executor", "create"),
    ("executor", "submit"),
    ("executor", "parallelism"),
]
WRONG = [
    ("activation", "value", "return z[..., :1]"),
    ("activation", "value", "return z.astype(np.float16)"),
    ("activation", "value", "return None"),
    ("activation", "value", "return 1.0"),
    ("activation", "derivative", "return z.sum()"),
    ("activation", "derivative", "return z.T"),
    ("activation", "derivative", "return np.zeros(z.shape, int)"),
    ("data", "draw", "return Dataset(X[1:])"),
    ("data", "draw", "return Dataset(np.vstack([X, X]))"),
    ("data", "draw", "return Dataset(X * np.nan)"),
    ("data", "draw", "return Dataset(X * np.inf)"),
    ("data", "draw", "return Dataset(2.0 * X)"),
    ("data", "draw", "return Dataset(X.tolist())"),
    ("data", "draw", "return Dataset(X.astype(complex))"),
    ("data", "draw", "return Dataset(X, np.ones(n + 1))"),
    ("data", "draw", "return X"),
    ("data", "draw", "return None"),
    ("labels", "draw", "return np.ones(n + 1)"),
    ("labels", "draw", "return np.ones((n, 1))"),
    ("labels", "draw", "return np.full(n, np.nan)"),
    ("labels", "draw", "return [1.0] * n"),
    ("labels", "draw", "dataset.X[:] = 0.0; return np.ones(n)"),
    ("labels", "draw", "dataset.X *= 2.0; return np.ones(n)"),
    ("optimizer", "update", "return weights[..., :1], state"),
    ("optimizer", "update", "return weights"),
    ("optimizer", "update", "return weights, (weights,)"),
    ("optimizer", "update", "return None"),
    ("optimizer", "init", "return None"),
    ("optimizer", "init", "return (weights[..., :1],)"),
    ("optimizer", "step_size", "return None"),
    ("optimizer", "step_size", "return -1.0"),
    ("optimizer", "step_size", "return float('nan')"),
    ("engine", "run", "yield from done; yield from done"),
    ("engine", "run", "yield from done[1:]"),
    ("engine", "run", "yield 99, first"),
    ("engine", "run", "yield -1, first"),
    ("engine", "run", "yield first"),
    ("engine", "run", "yield 0, None"),
    ("engine", "run", "return 3; yield"),
    ("engine", "run", "yield 0, replace(first, W=first.W[:1])"),
    ("engine", "run", "yield 0, replace(first, status='splendid')"),
    ("engine", "run", "yield 0, replace(first, iterations=None)"),
    ("executor", "submit", "future.set_result(function(*args)[1:])"),
    ("executor", "submit", "future.set_result(function(*args) * 2)"),
    ("executor", "submit", "future.set_result([r._replace(trial=r.trial + 90) for r in function(*args)])"),
    ("executor", "submit", "future.set_result([r._replace(status='won') for r in function(*args)])"),
    ("executor", "submit", "future.set_result(None)"),
    ("executor", "submit", "future.set_exception(SystemExit(0))"),
    ("executor", "submit", "return None"),
    ("executor", "create", "return 5"),
    ("executor", "parallelism", "return 0"),
    ("executor", "parallelism", "return None"),
]


@dataclass(frozen=True)
class Misbehaviour:
    """One plugin: its family, the method that misbehaves and the code of that method."""

    family: str
    place: str
    code: str
    number: int

    @property
    def distribution(self):
        return f"wrong-{self.number}"

    @property
    def source(self):
        bodies = {
            **SOUND,
            "draw": "return Dataset(X)" if self.family == "data" else "return rng.normal(size=n)",
        }
        bodies[self.place] = self.code
        lines = []
        for line in FAMILIES[self.family].replace("\n        ", "\n").splitlines():
            lead = line[: len(line) - len(line.lstrip())]
            lines.append(indent(line.strip().format(name=self.distribution, **bodies), lead))
        return HEAD + "\n".join(lines)

    def options(self):
        """Options of `train` and `sweep` that select the plugin: those before the command, those after it."""
        spec = f"{self.distribution}/{self.distribution}"
        if self.family == "engine":
            return ("--engine", self.distribution), ()
        return ("--engine", "portable"), (f"--{self.family}", spec)


EARLY = len(PLACES) * len(ENDS)
"""The first EARLY of the MISBEHAVIOURS end a method early; the others return a wrong answer."""
MISBEHAVIOURS = [
    Misbehaviour(family, place, code, number)
    for number, (family, place, code) in enumerate(
        [*((*place, ENDS[end]) for place, end in product(PLACES, ENDS)), *WRONG]
    )
]
