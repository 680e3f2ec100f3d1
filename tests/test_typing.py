"""What a type checker knows about the library's return values."""

import subprocess
import sys

import pytest

pytest.importorskip("mypy", reason="mypy is not installed")

SNIPPET = """
from typing import assert_type
import overparam as op
from overparam.studies import Study

problem = op.draw_problem(n=8, d=2, k=4)
assert_type(op.train(problem), op.Outcome)
assert_type(op.train([problem, problem], optimizer="sgd:step_size=0.1"), list[op.Outcome])
assert_type(op.train(problem.singles()), list[op.Outcome])
assert_type(op.sweep("a.study", k="2:40:2", d=[5, 10], progress=False), Study)
assert_type(op.replay("a.study", n=8, k=2, d=2).equal, bool)
op.train(problem).iterations + 1
op.train(problem)[0]
"""


def test_train_answers_in_kind(tmp_path):
    (tmp_path / "snippet.py").write_text(SNIPPET)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--follow-imports=silent"]
    done = subprocess.run([*command, tmp_path / "snippet.py"], capture_output=True, text=True, timeout=300)
    errors = [line for line in done.stdout.splitlines() if "snippet.py" in line and "error" in line]
    assert len(errors) == 1, done.stdout
    assert 'snippet.py:13: error: Value of type "Outcome" is not indexable' in errors[0]
