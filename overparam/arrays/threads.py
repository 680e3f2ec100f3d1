"""Independent pieces of work side by side, on the threads that a matrix product would have used."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from threading import Lock
from typing import TypeVar

from threadpoolctl import ThreadpoolController

__all__ = ["in_threads"]

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_threads(
    function: Callable[[_Item], _Result], items: Sequence[_Item], take: Callable[[_Result], object]
) -> None:
    """Apply a function of NumPy arrays to items in threads, and take the results in the items' order.

    NumPy's matrix products use all cores and everything else uses one. Here a piece is computed on
    one core from end to end, and there are as many threads as BLAS would have used: what
    ``OMP_NUM_THREADS`` and its kin say, 1 where BLAS cannot be asked.

    Parameters
    ----------
    function
        Called from several threads at once, each time in a copy of the caller's context variables.
    take
        Called in the caller's thread. A few results at most wait for it, however many items there are.

    Raises
    ------
    Exception
        What `function` raises first, in the items' order.
    """
    threads = 1 if len(items) < 2 else _blas().threads
    if threads < 2:
        for item in items:
            take(function(item))
        return
    under_way: deque[Future[_Result]] = deque()
    with _blas().one_thread():
        try:
            for item in items:
                under_way.append(_pool(threads).submit(copy_context().run, function, item))
                if len(under_way) > 2 * threads:
                    take(under_way.popleft().result())
            while under_way:
                take(under_way.popleft().result())
        finally:
            for future in under_way:
                future.cancel()
            wait(under_way)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="overparam-blocks")


class _Blas:
    """NumPy's BLAS, which has one number of threads for the whole process.

    Attributes
    ----------
    threads : int
        How many it uses while nobody holds it to one; 1 where it is of a kind that cannot be held.
    """

    def __init__(self) -> None:
        self._controller = ThreadpoolController().select(user_api="blas")
        self.threads = max((pool["num_threads"] for pool in self._controller.info()), default=1)
        self._lock, self._held = Lock(), 0

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        """Hold it to one thread until the last of those who ask for that has ended."""
        with self._lock:
            self._held += 1
            if self._held == 1:
                self._limiter = self._controller.limit(limits=1)
        try:
            yield
        finally:
            with self._lock:
                self._held -= 1
                if self._held == 0:
                    self._limiter.restore_original_limits()


@cache
def _blas() -> _Blas:
    return _Blas()
