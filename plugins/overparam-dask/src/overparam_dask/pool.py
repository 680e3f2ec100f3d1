"""A Dask client as a `concurrent.futures.Executor`."""

from __future__ import annotations

import logging
import os
import pickle
import time
from collections.abc import Callable
from concurrent.futures import Executor as FuturesExecutor
from concurrent.futures import Future
from contextlib import suppress
from importlib.metadata import version
from typing import Any

import dask
from distributed import Client, LocalCluster

__all__ = ["Pool"]

_FRESH = 1.0  # seconds for which the number of threads is cached
_PARTING = 2.0  # seconds allowed for a cluster to end before its processes are killed


class Pool(FuturesExecutor):
    """Runs functions on the workers of a cluster.

    Functions and results travel as bytes: only the workers need the libraries that they use, not the
    scheduler.

    Parameters
    ----------
    client : distributed.Client
        Closed by `shutdown`.
    cluster : distributed.LocalCluster, optional
        Ended by `shutdown`.

    Raises
    ------
    RuntimeError
        If a worker has no overparam, or another version.
    """

    def __init__(self, client: Client, cluster: LocalCluster | None = None) -> None:
        self._client, self._cluster = client, cluster
        self._executor = client.get_executor(pure=False, retries=0)
        self._threads, self._counted = 1, 0.0
        try:
            self._compare_versions()
        except BaseException:
            self.shutdown(wait=False)
            raise

    @classmethod
    def local(cls, workers: int, threads: int) -> Pool:
        """Start workers on this machine, each a process with this many threads."""
        variables = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
        _quieten()
        # A lost worker is reported at once; only the driver tries again.
        dask.config.set({"distributed.scheduler.allowed-failures": 0})
        # Workers, including replacements of lost ones, must not import from their working folder.
        dask.config.set({"distributed.nanny.pre-spawn-environ.PYTHONSAFEPATH": "1"})
        os.environ["PYTHONSAFEPATH"] = "1"  # as Dask does too, but after Python's resource tracker started
        cluster = LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",  # any port, because there may be several clusters
            silence_logs=logging.CRITICAL,
            env=dict.fromkeys(variables, str(threads)),
        )
        try:
            return cls(Client(cluster), cluster)
        except BaseException:
            cluster.close(timeout=_PARTING)
            raise

    @classmethod
    def of(cls, address: str | None, scheduler_file: str | None, timeout: float) -> Pool:
        """Return a pool connected to a scheduler.

        Raises
        ------
        OSError
            If no scheduler answers in `timeout` seconds.
        """
        _quieten()
        return cls(Client(address, scheduler_file=scheduler_file, timeout=timeout, set_as_default=False))

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run function(*args, **kwargs) on a worker."""
        if self._client.status != "running":
            raise RuntimeError("the connection to the scheduler is lost")
        answer: Future[Any] = Future()
        sent = self._executor.submit(_carrier(), pickle.dumps((function, args, kwargs)))
        sent.add_done_callback(lambda done: _pass_on(done, answer))
        answer.add_done_callback(lambda done: done.cancelled() and sent.cancel())
        return answer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the connection, and the workers that were started for it."""
        with suppress(Exception):  # parts may be gone already
            self._executor.shutdown(wait=wait and not cancel_futures)
        if self._cluster is not None and not wait:
            for nanny in list(self._cluster.workers.values()):
                if (process := getattr(nanny, "process", None)) is not None:
                    with suppress(Exception):
                        process.process.kill()
        with suppress(Exception):
            self._client.close(timeout=_PARTING)
        if self._cluster is not None:
            with suppress(Exception):
                self._cluster.close(timeout=_PARTING)

    def parallelism(self) -> int:
        """Return the current number of threads of all workers, at least 1."""
        if time.monotonic() - self._counted > _FRESH:
            with suppress(Exception):  # submit reports a scheduler that is gone
                self._threads = max(1, sum(self._client.nthreads().values()))
            self._counted = time.monotonic()
        return self._threads

    def _compare_versions(self) -> None:
        here = version("overparam")
        for worker, there in self._client.run(_version_of("overparam"), on_error="return").items():
            if isinstance(there, Exception):
                raise RuntimeError(f"the worker {worker} does not answer: {there}")
            if there != here:
                has = f"overparam {there}" if there else "no overparam"
                raise RuntimeError(f"the worker {worker} has {has}, here is {here}: install the same version")


def _quieten() -> None:
    """Silence Dask's tracebacks; the driver reports such errors in one line."""
    for name in ("distributed", "distributed.client", "tornado.application", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _pass_on(done: Future[Any], answer: Future[Any]) -> None:
    """Pass on a worker's result, or the reason why there is none."""
    if answer.cancelled():
        return
    if done.cancelled():
        answer.set_exception(RuntimeError("the scheduler abandoned the work"))
    elif (error := done.exception()) is not None:
        answer.set_exception(error)
    else:
        result, raised = pickle.loads(done.result())
        if raised is None:
            answer.set_result(result)
        else:
            answer.set_exception(raised)


# Nested functions are sent by value: a worker runs them without having this package.


def _carrier() -> Callable[[bytes], bytes]:
    def carry_out(work: bytes) -> bytes:
        import pickle

        try:
            function, args, kwargs = pickle.loads(work)
            ended: tuple[Any, Exception | None] = (function(*args, **kwargs), None)
        except Exception as error:
            ended = (None, error)
        except SystemExit as error:  # SystemExit would end the worker
            ended = (None, RuntimeError(repr(error)))
        try:
            return pickle.dumps(ended)
        except Exception:
            return pickle.dumps((None, RuntimeError(repr(ended[1] or ended[0]))))

    return carry_out


def _version_of(distribution: str) -> Callable[[], str | None]:
    def ask() -> str | None:
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version(distribution)
        except PackageNotFoundError:
            return None

    return ask
