"""What is known of one source in the course of a transfer: its link, how it answers, how fast, and its failures."""

import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.retrying import backoff_s
from heygem.downloads.link import Link, LinkSource
from heygem.downloads.transport.fetch_error import ChangedError, CrowdedError, FetchError, SlowError
from heygem.downloads.transport.route import Route
from heygem.downloads.transport.speed import SpeedMeter

GROWTH: Final = 2.0
LONGEST_WAIT_S: Final = 30.0
LASTING_FAULTS: Final = 2  # of those that another try hardly mends, in a row
LASTING_FAULTS_OF_PROVEN: Final = 4  # a source that has delivered may have stumbled
MOST_CHANGES: Final = 3  # of its file's name, then the name is no longer looked at: some clusters name it differently
PASSING: Final = frozenset({SourceProblem.UNREACHABLE, SourceProblem.TIMED_OUT, SourceProblem.BUSY})
HEALTHY_BYTES: Final = 32 << 10  # who has brought so much since has recovered


@dataclass(eq=False)
class SourceState:
    """`active` connections are at it now, at most `most_connections`. What is public is under SourceBoard's lock."""

    source: LinkSource
    key: str  # fit to be shown, and one source's alone
    attempts: int
    first_wait_s: float
    most_connections: int
    is_barred: bool = False  # for as long as it is suspected of wrong bytes
    active: int = 0
    is_proven: bool = False  # has answered as it should at least once
    knows_ranges: bool = True
    received: int = 0
    failures: int = 0
    lasting: int = 0
    corrupt: int = 0
    changes: int = 0
    retry_at: float = 0.0
    failed_at: float = 0.0
    received_then: int = 0
    dropped: SourceProblem | str = ""
    fault: SourceProblem | str = ""  # the last one
    speed: float = 0.0
    speed_each: float = 0.0  # of one connection; of the last time where there is none now
    _meter: SpeedMeter = field(default_factory=SpeedMeter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _link: Link | None = None
    _route: Route | None = None
    _has_asked: bool = False  # the resolver, so that the next link must be another one
    _is_untried: bool = False  # the link has been renewed, and has not been good for anything since

    def find_route(self) -> Route:
        """Where to ask. Waits for the resolver where it must be asked first. Raises FetchError."""
        with self._lock:
            if self._link is None or self._link.is_stale(datetime.now(UTC)):
                self._link, self._route = self._get_link(renew=self._has_asked), None
                self._has_asked = True
            if self._route is None:
                self._route = Route.begin(self._link)
            return self._route

    def remember(self, route: Route) -> None:
        """The redirects that a good link leads along are not followed anew each time."""
        with self._lock:
            if route.link is self._link:
                self._route, self._is_untried = route, False

    def forget(self, route: Route) -> bool:
        """After a refusal of what `find_route` gave: the redirects are followed anew, then the link is got anew.

        False where both have just been done.
        """
        with self._lock:
            if route.link is not self._link:
                return True  # another connection has seen to it
            if route.is_redirected:
                self._route = None
                return True
            was_tried, self._is_untried = self._is_untried, True
            self._link = None
            return not was_tried

    def measure(self, now: float) -> None:
        self.speed = self._meter.measure(self.received, now)
        if self.active and self.speed:
            self.speed_each = self.speed / self.active

    def receive(self, count: int) -> None:
        self.received += count
        if self.received - self.received_then >= HEALTHY_BYTES:
            self.failures = self.lasting = 0

    def fail(self, fault: FetchError, began_at: float) -> None:
        """One fault of a connection that began then; those that fail with another count once."""
        now = time.monotonic()
        self.fault = fault.reason
        if isinstance(fault, CrowdedError) and self.active > 1:
            self.most_connections = max(1, min(self.most_connections, self.active - 1))
        if isinstance(fault, ChangedError):
            self.changes += 1
        elif isinstance(fault, SlowError):
            pass  # it is asked again once there is nobody better
        elif began_at >= self.failed_at:
            self.failures += 1
            self.lasting += fault.is_lasting
            self.failed_at, self.received_then = now, self.received
            wait_s = backoff_s(self.failures, self.first_wait_s, GROWTH, LONGEST_WAIT_S)
            self.retry_at = max(self.retry_at, now + max(wait_s, fault.wait_s))
        self.retry_at = max(self.retry_at, now + fault.wait_s)
        most_lasting = LASTING_FAULTS_OF_PROVEN if self.is_proven else LASTING_FAULTS
        if self.failures >= self.attempts or self.lasting >= most_lasting:
            self.dropped = fault.reason

    def _get_link(self, renew: bool) -> Link:
        try:
            return self.source.get_link(renew=renew)
        except SourceError as error:
            reason = str(error.context["reason"])
            raise FetchError(reason, is_lasting=reason not in PASSING) from error
