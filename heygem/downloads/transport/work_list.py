"""What of a file is still to be fetched, handed out to whoever is free; a slow one's remainder is divided anew."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from heygem.downloads.transport.part_file import PartFile
from heygem.downloads.transport.ranges import Range

SPAN_S: Final = 10.0  # as much is taken at a time: seldom to ask, and the beginning of the file is soon whole
UNMEASURED_BYTES: Final = 16 << 20
MOST_BYTES: Final = 64 << 20
STALLED_S: Final = 3.0  # who has had nothing for so long will hardly be in time
WORTH_S: Final = 1.0  # a remainder that takes longer is divided
LEAST_SHARE_BYTES: Final = 64 << 10


@dataclass(eq=False)
class Span:
    """One connection's work: from `start` to before `end`, of which it has written as far as `position`.

    `noted` is as far as the record goes.
    """

    start: int
    end: int
    began_at: float
    position: int = field(init=False)
    noted: int = field(init=False)
    heard_at: float = field(init=False)
    doubled_at: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        self.position = self.noted = self.start
        self.heard_at = self.began_at

    @property
    def left(self) -> int:
        return max(0, self.end - self.position)

    def speed(self, now: float) -> float:
        """Bytes a second; 0 for one that has brought nothing, or nothing of late."""
        if now - self.heard_at > STALLED_S or now <= self.began_at:
            return 0.0
        return (self.position - self.start) / (now - self.began_at)


class WorkList:
    """For several threads."""

    def __init__(
        self, part: PartFile, workers: int, least_bytes: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """No span is made shorter than `least_bytes` but by dividing one."""
        self._part = part
        self._workers = workers
        self._least_bytes = least_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._spans: list[Span] = []

    def take(self, speed: float) -> Span | None:
        """Work for a connection of `speed` (bytes a second; 0 for an unknown one); None where there is none now."""
        with self._lock:
            free = self._free()
            span = self._take_new(free, speed) if free else self._take_over(speed)
            if span is not None:
                self._spans.append(span)
            return span

    def give_back(self, span: Span) -> None:
        """What of it is not noted may be taken by others."""
        with self._lock:
            self._spans.remove(span)

    def extend(self, span: Span) -> None:
        """For who gets all of the file whatever is asked for: as far as nobody else is at it."""
        with self._lock:
            later = [other.start for other in self._spans if other is not span and other.start >= span.end]
            span.end = min(later, default=self._part.size_bytes)

    def is_over(self, span: Span) -> bool:
        """Whether nothing of it is left to do, be it that others have done it."""
        with self._lock:
            position, end = span.position, span.end
        return self._part.end_of_run(position) >= end

    def advance(self, span: Span, count: int) -> None:
        with self._lock:
            span.position += count
            span.heard_at = self._clock()

    def unnoted_bytes(self) -> int:
        """Written, and not in the record yet."""
        with self._lock:
            return sum(span.position - span.noted for span in self._spans)

    def _free(self) -> list[Range]:
        taken = self._part.done()
        for span in self._spans:
            taken.add(span.start, span.end)
        return taken.gaps(0, self._part.size_bytes)

    def _take_new(self, free: list[Range], speed: float) -> Span:
        start, end = free[0]
        wished = min(MOST_BYTES, int(speed * SPAN_S)) if speed else UNMEASURED_BYTES
        idle = max(1, self._workers - len(self._spans))
        fair = math.ceil(sum(b - a for a, b in free) / idle)
        size = max(self._least_bytes, min(wished, fair))
        if end - start - size >= self._least_bytes:
            end = start + size
        return Span(start, end, self._clock())

    def _take_over(self, speed: float) -> Span | None:
        """A share of the span that would be finished last; where nothing comes in there, all of it, at the same time as
        its holder, who may yet be the first.
        """
        now = self._clock()
        slowest = max(self._spans, key=lambda span: self._left_s(span, now), default=None)
        if slowest is None or slowest.left == 0 or self._left_s(slowest, now) < WORTH_S:
            return None
        theirs = slowest.speed(now)
        if theirs == 0:
            slowest.doubled_at = now
            return Span(slowest.position, slowest.end, now)
        if slowest.left < 2 * LEAST_SHARE_BYTES:
            return None
        cut = slowest.position + int(slowest.left * theirs / (theirs + (speed or theirs)))
        span = Span(cut, slowest.end, now)
        slowest.end = cut
        return span

    def _left_s(self, span: Span, now: float) -> float:
        """How long a span would still take; 0 for one that has hardly begun, or that another has just begun as well."""
        speed = span.speed(now)
        if speed == 0 and now - max(span.began_at, span.doubled_at) < STALLED_S:
            return 0.0
        return span.left / speed if speed else math.inf
