"""Asks what may hang (a database, a network disk) in a thread of its own, so that nobody waits for it without end."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Probe(Generic[T]):
    """Runs `work` once at a time, however many ask, and answers for `fresh_s` with what it found, or what it raised.

    For many threads.
    """

    def __init__(self, work: Callable[[], T], fresh_s: float = 0.0) -> None:
        self._work = work
        self._fresh_s = fresh_s
        self._lock = threading.Lock()
        self._latest: Future[T] | None = None
        self._began_at = 0.0

    def begin(self) -> Future[T]:
        """The answer, which may be there already; one that hangs is waited for by all, and not begun again."""
        with self._lock:
            if self._latest is None or self._is_stale(self._latest):
                self._latest, self._began_at = Future(), time.monotonic()
                self._latest.set_running_or_notify_cancel()  # one that gives up must not cancel it for the others
                threading.Thread(target=self._run, args=(self._latest,), name="probe", daemon=True).start()
            return self._latest

    def _is_stale(self, latest: Future[T]) -> bool:
        return latest.done() and time.monotonic() - self._began_at >= self._fresh_s

    def _run(self, future: Future[T]) -> None:
        try:
            future.set_result(self._work())
        except Exception as error:  # whoever asks is told
            future.set_exception(error)
