"""A plugin that is a single file, on workers that do not have this file."""

import subprocess
import sys

from cluster import Cluster

from overparam.studies import load_study

FILE = """
from dataclasses import dataclass
from typing import ClassVar

from overparam.plugin import Activation, hookimpl


@dataclass(frozen=True)
class Square(Activation):
    name: ClassVar[str] = "square"

    def value(self, z):
        return z * z

    def derivative(self, z):
        return 2.0 * z


@hookimpl
def overparam_activations():
    return [Square]
"""
SWEEP = ("--n", "8", "--k", "2:3", "--d", "2", "--trials", "2", "--max-iterations", "20")


def sweep(tmp_path, executor):
    study = tmp_path / f"{executor.partition(':')[0]}.study"
    command = (sys.executable, "-m", "overparam", "--plugin", str(tmp_path / "here" / "square.py"), "sweep")
    given = (*SWEEP, "--activation", "square", "--study", str(study), "--executor", executor)
    done = subprocess.run([*command, *given], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return [row._replace(seconds=0.0) for row in load_study(study)]


def test_workers_are_sent_the_file(tmp_path):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "here" / "square.py").write_text(FILE, encoding="utf-8")
    with Cluster(tmp_path / "there") as cluster:
        cluster.add_worker()
        rows = sweep(tmp_path, f"dask:scheduler_file={cluster.file}")
    assert len(rows) == 4
    assert rows == sweep(tmp_path, "serial")
    assert all(row.message is None for row in rows)
