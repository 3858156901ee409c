"""Turns Ctrl-C into a cancelled job, or into an event."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from heygem.domain.progress import CancelToken


@contextmanager
def cancelled_by_signals(token: CancelToken) -> Iterator[None]:
    """Sets `token` at the first SIGINT or SIGTERM; a second SIGINT raises KeyboardInterrupt. Main thread only."""

    def cancel(number: int, _: FrameType | None) -> None:
        if token.is_cancelled and number == signal.SIGINT:
            raise KeyboardInterrupt
        token.cancel()

    with _heard(cancel):
        yield


@contextmanager
def told_by_signals(event: threading.Event) -> Iterator[None]:
    """Sets `event` at every SIGINT and SIGTERM. Main thread only."""
    with _heard(lambda *_: event.set()):
        yield


@contextmanager
def interruptible() -> Iterator[None]:
    """A SIGINT raises KeyboardInterrupt at once, for a question that waits for its answer. Main thread only."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _heard(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
