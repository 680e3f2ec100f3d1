"""A scheduler, its workers and sweeps, all as processes on this machine."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

SWEEP = ("sweep", "--n", "20", "--k", "2:9", "--d", "2:6", "--trials", "10", "--max-iterations", "4000")


class Cluster:
    """One scheduler and workers without a nanny: a killed worker is not replaced until `add_worker`."""

    def __init__(self, folder):
        self.folder, self.workers = Path(folder), []
        self.file = self.folder / "scheduler.json"
        self.scheduler = None
        self.start_scheduler()

    def start_scheduler(self):
        """Start a scheduler; an earlier one must have been killed."""
        if self.scheduler is not None:
            self.scheduler.wait()
        self.file.unlink(missing_ok=True)
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(self.file))
        self.scheduler = self._start("distributed.cli.dask_scheduler", *options)
        deadline = time.monotonic() + 60
        while not (self.file.exists() and self.file.stat().st_size):
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.05)

    def add_worker(self):
        options = ("--scheduler-file", str(self.file), "--nthreads", "1", "--no-nanny", "--no-dashboard")
        self.workers.append(self._start("distributed.cli.dask_worker", *options))

    def _start(self, module, *options):
        return subprocess.Popen(
            [sys.executable, "-m", module, *options],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (*self.workers, self.scheduler):
            with suppress(OSError):
                process.kill()
            process.wait()


def start(study, executor, *options, **kept):
    """Start a sweep by the command line."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "overparam", "--engine", "portable", *SWEEP),
            *("--study", str(study), "--executor", executor, *options),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **kept,
    )


def run(study, executor="serial", *options):
    """Run a sweep to its end; return its exit code and its standard error."""
    process = start(study, executor, *options)
    _, errors = process.communicate(timeout=240)
    return process.returncode, errors
