"""Independent pieces of work side by side, on the threads that a matrix product would have used."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache, partial
from threading import Condition, Lock
from typing import Any, TypeAlias

from threadpoolctl import ThreadpoolController

__all__ = ["Apply", "one_by_one", "threads_of_blas"]

Apply: TypeAlias = Callable[[Callable[[Any], Any], Sequence[Any], Callable[[Any], object]], None]
"""Apply a function to every item, and give the results to another function, in the items' order."""


def one_by_one(function: Callable[[Any], Any], items: Sequence[Any], take: Callable[[Any], object]) -> None:
    """Apply the function in the caller's thread."""
    for item in items:
        take(function(item))


@contextmanager
def threads_of_blas() -> Iterator[Apply]:
    """Context in which work on NumPy arrays is shared out by items, not by matrix products.

    NumPy's matrix products use all cores and everything else uses one. Here each item is computed on
    one core from start to end, by as many threads as BLAS would have used: the number that
    ``OMP_NUM_THREADS`` and similar variables set, 1 where BLAS does not say. BLAS is held to one thread
    until the context ends. (Its own threads wait actively for more work after each product: where products
    between two calls used them, half of the speed was lost.)

    Yields
    ------
    Apply
        Calls the function from the caller's thread and from others, there in a copy of the caller's context
        variables, and `take` in the caller's thread. At most two results for each thread wait for `take`. The
        first error in the items' order is raised.
    """
    threads = _blas().threads
    if threads < 2:
        yield one_by_one
        return
    with _blas().one_thread():
        yield partial(_in_threads, threads)


def _in_threads(
    threads: int, function: Callable[[Any], Any], items: Sequence[Any], take: Callable[[Any], object]
) -> None:
    shared = _Shared(function, items, 2 * threads)
    for _ in range(min(threads, len(items)) - 1):
        _pool(threads - 1).submit(copy_context().run, shared.assist)
    shared.lead(take)


class _Shared:
    """The items of one call, which its caller and the helpers compute one by one.

    Parameters
    ----------
    function : callable
    items : sequence
    most : int
        Largest number of items that are under way or whose results wait.
    """

    def __init__(self, function: Callable[[Any], Any], items: Sequence[Any], most: int) -> None:
        self._function, self._items, self._most = function, items, most
        self._changed = Condition()
        # The caller's own item is not counted: an interrupt may end it anywhere.
        self._begun = self._taken = self._helping = 0
        self._ended = False
        self._outcomes: dict[int, tuple[Any, BaseException | None]] = {}

    def lead(self, take: Callable[[Any], object]) -> None:
        """Compute items too, and give all results to `take` in their order."""
        try:
            for position in range(len(self._items)):
                result, error = self._outcome(position)
                if error is not None:
                    raise error
                take(result)
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
                self._changed.wait_for(lambda: not self._helping)

    def _outcome(self, position: int) -> tuple[Any, BaseException | None]:
        """Return the outcome of an item; meanwhile compute others."""
        while True:
            with self._changed:
                self._taken = position
                self._changed.notify_all()
                self._changed.wait_for(lambda: position in self._outcomes or self._may_begin())
                if position in self._outcomes:
                    return self._outcomes.pop(position)
                mine = self._begin()
            self._store(mine, self._computed(mine))

    def assist(self) -> None:
        """Compute items until there are none left."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_over() or self._may_begin())
                if self._is_over():
                    return
                mine = self._begin()
                self._helping += 1
            outcome = self._computed(mine)
            with self._changed:
                self._helping -= 1
                self._store(mine, outcome)

    def _is_over(self) -> bool:
        return self._ended or self._begun == len(self._items)

    def _may_begin(self) -> bool:
        return not self._is_over() and self._begun < self._taken + self._most

    def _begin(self) -> int:
        self._begun += 1
        return self._begun - 1

    def _computed(self, position: int) -> tuple[Any, BaseException | None]:
        try:
            return self._function(self._items[position]), None
        except BaseException as error:
            return None, error

    def _store(self, position: int, outcome: tuple[Any, BaseException | None]) -> None:
        with self._changed:
            self._outcomes[position] = outcome
            self._changed.notify_all()


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="overparam-blocks")


class _Blas:
    """NumPy's BLAS, which has one number of threads for the whole process.

    Attributes
    ----------
    threads : int
        Number of threads it uses unless held to one; 1 where it cannot be held.
    """

    def __init__(self) -> None:
        self._controller = ThreadpoolController().select(user_api="blas")
        self.threads = max((pool["num_threads"] for pool in self._controller.info()), default=1)
        self._lock, self._holders = Lock(), 0

    @contextmanager
    def one_thread(self) -> Iterator[None]:
        """Hold it to one thread until the last holder leaves."""
        with self._lock:
            self._holders += 1
            if self._holders == 1:
                self._limiter = self._controller.limit(limits=1)
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
                if self._holders == 0:
                    self._limiter.restore_original_limits()


@cache
def _blas() -> _Blas:
    return _Blas()


def _forget() -> None:
    _pool.cache_clear()
    _blas.cache_clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # a child has none of its parent's threads
