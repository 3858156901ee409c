"""Remembers one source's link while it is good. Of several threads that miss it at once, one asks for all."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from heygem.domain.model_errors import SourceError
from heygem.downloads.link import Link

FRESH_S: Final = 1.0  # who wants a new link so soon after one was made had the one before it


class RememberedLink:
    """A LinkSource, for several threads. Nothing is asked before the first `get_link`."""

    def __init__(self, name: str, resolve: Callable[[], Link]) -> None:
        self.name = name
        self._resolve = resolve
        self._lock = threading.Lock()
        self._asked = 0  # how many times an answer has come, so that waiting threads know that one came meanwhile
        self._asked_at = -FRESH_S
        self._link: Link | None = None
        self._error: SourceError | None = None

    def get_link(self, renew: bool = False) -> Link:
        """The link of the last time as long as it is good and `renew` is not asked for. Raises SourceError."""
        before = self._asked
        with self._lock:
            if self._asked == before and self._must_ask(renew):
                self._ask()
            if self._link is None:
                assert self._error is not None, "one of both is set whenever something was asked"
                raise self._error
            return self._link

    def _must_ask(self, renew: bool) -> bool:
        if self._link is None or self._link.is_stale(datetime.now(UTC)):
            return True
        return renew and time.monotonic() - self._asked_at >= FRESH_S

    def _ask(self) -> None:
        self._link, self._error = None, None
        try:
            self._link = self._resolve()
        except SourceError as error:
            self._error = error
        self._asked += 1
        self._asked_at = time.monotonic()
