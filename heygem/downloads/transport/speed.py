"""How fast bytes come, and how fast they may."""

import threading
import time
from collections import deque
from typing import Final

WINDOW_S: Final = 4.0


class SpeedMeter:
    """Bytes a second over the last few seconds, of a count that only grows. For one thread at a time."""

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._window_s = window_s
        self._samples: deque[tuple[float, int]] = deque()

    def measure(self, total_bytes: int, now: float) -> float:
        """Takes a sample, and says the speed; 0 for the first."""
        self._samples.append((now, total_bytes))
        while len(self._samples) > 2 and self._samples[1][0] <= now - self._window_s:
            self._samples.popleft()
        then, before = self._samples[0]
        return max(0.0, (total_bytes - before) / (now - then)) if now > then else 0.0


class SpeedLimit:
    """For all the connections of a transfer together."""

    def __init__(self, max_bytes_per_s: int | None) -> None:
        self._rate = max_bytes_per_s
        self._lock = threading.Lock()
        self._free_at = 0.0

    @property
    def block_bytes(self) -> int | None:
        """As much as should be read at once, so that a connection never waits for long; None for any."""
        return None if self._rate is None else max(1024, self._rate // 20)

    def book(self, count: int) -> float:
        """How many seconds to wait after `count` bytes have come."""
        if self._rate is None:
            return 0.0
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now) + count / self._rate
            return self._free_at - now
