"""Blocks that an interrupt must not split."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["undisturbed"]


class _Notes(list[int]):
    """A signal handler that only records the signals."""

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.append(number)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Delay SIGINT and SIGTERM until the block has ended; then their handlers run.

    Masking them would not suffice: other threads could receive the signal, and the main thread would still
    raise. Only the main thread runs handlers, so the block does nothing in other threads, nor inside another
    such block.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupt, terminate = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    if isinstance(interrupt, _Notes) or isinstance(terminate, _Notes):
        yield
        return
    received = _Notes()
    handlers = {signal.SIGINT: interrupt, signal.SIGTERM: terminate}
    held = [number for number, handler in handlers.items() if callable(handler)]
    try:
        for number in held:
            signal.signal(number, received)
        yield
    finally:
        try:
            if signal.SIGTERM in held:
                signal.signal(signal.SIGTERM, terminate)
        finally:
            if signal.SIGINT in held:
                signal.signal(signal.SIGINT, interrupt)
    for came in received:
        handler = handlers[signal.Signals(came)]
        if callable(handler):
            handler(came, None)
