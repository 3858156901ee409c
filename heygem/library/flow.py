"""What a stream of bytes goes through on its way: it keeps to a pace, can be stopped, and is counted."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from heygem.domain.progress import CancelToken

SLICE_S: Final = 0.5  # how soon a wait is given up once it is cancelled


class TokenBucket:
    """Lets `rate` bytes a second through, and as many at once after a pause of a second. Knows no clock."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._left = rate
        self._asked_at = 0.0

    def take(self, size_bytes: int, now: float) -> float:
        """How many seconds to wait before so many may go. More than `rate` may go at once, on credit."""
        self._left = min(self._rate, self._left + (now - self._asked_at) * self._rate) - size_bytes
        self._asked_at = now
        return max(0.0, -self._left / self._rate)


@dataclass(frozen=True)
class Flow:
    """`report` hears of each piece's bytes. Without a `bucket` nothing waits."""

    cancel: CancelToken = field(default_factory=CancelToken)
    bucket: TokenBucket | None = None
    report: Callable[[int], None] = lambda _: None
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def let_pass(self, size_bytes: int) -> None:
        """Waits until so many bytes may go. Raises CancelledError."""
        self.cancel.check()
        left_s = self.bucket.take(size_bytes, self.now()) if self.bucket is not None else 0.0
        while left_s > 0:
            self.sleep(min(SLICE_S, left_s))
            self.cancel.check()
            left_s -= SLICE_S
        self.report(size_bytes)

    def skip(self, size_bytes: int) -> None:
        """So many need not go, since they are there. Raises CancelledError."""
        self.cancel.check()
        self.report(size_bytes)
