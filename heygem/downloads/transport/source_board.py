"""The sources of one transfer beside one another: whom a free connection should ask next."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import SourceProgress
from heygem.downloads.link import LinkSource
from heygem.downloads.transport.fetch_error import FetchError
from heygem.downloads.transport.source_state import SourceState

SLOW_RATIO: Final = 8.0
IMPATIENT_S: Final = 5.0  # for a silent connection while another source delivers


class SourceBoard:
    """For several threads."""

    def __init__(self, sources: Sequence[LinkSource], connections: int, attempts: int, first_wait_s: float) -> None:
        self._lock = threading.Lock()
        self._connections = connections
        keys = _distinct(source.name for source in sources)
        self._states = [
            SourceState(source, key, attempts, first_wait_s, connections)
            for source, key in zip(sources, keys, strict=True)
        ]

    def choose(self) -> SourceState | None:
        """The source that a connection had best ask now; None where all must be left alone for a moment. It must be
        released.
        """
        with self._lock:
            now = time.monotonic()
            open_ = [state for state in self._states if not state.dropped and not state.is_barred]
            if any(state.knows_ranges for state in open_):
                open_ = [state for state in open_ if state.knows_ranges]
            able = [state for state in open_ if state.retry_at <= now and state.active < _most(state)]
            chosen = max((state for state in able if not self._is_slow(state, able)), key=self._promise, default=None)
            if chosen is not None:
                chosen.active += 1
            return chosen

    def release(self, state: SourceState) -> None:
        with self._lock:
            state.active -= 1

    def receive(self, state: SourceState, count: int) -> None:
        with self._lock:
            state.receive(count)

    def prove(self, state: SourceState, knows_ranges: bool) -> None:
        """It has answered as it should."""
        with self._lock:
            state.is_proven, state.knows_ranges = True, knows_ranges

    def fail(self, state: SourceState, fault: FetchError, began_at: float) -> None:
        with self._lock:
            state.fail(fault, began_at)

    def has_other_ranged(self, state: SourceState) -> bool:
        """Whether another source is worth asking rather than one that knows no ranges."""
        with self._lock:
            return any(
                other.is_proven and other.knows_ranges and not other.dropped and not other.is_barred
                for other in self._states
                if other is not state
            )

    def patience_s(self, state: SourceState, stall_s: float) -> float:
        """For how long a connection to it may be silent."""
        with self._lock:
            is_outdone = any(other.speed > 0 and not other.dropped for other in self._states if other is not state)
        return min(stall_s, IMPATIENT_S) if is_outdone else stall_s

    def is_outpaced(self, speed: float) -> bool:
        """Whether a connection of that speed had better begin anew, at whichever source is best."""
        with self._lock:
            best = max((state.speed_each for state in self._states if not state.dropped), default=0.0)
        return speed * SLOW_RATIO < best

    def measure(self, now: float) -> tuple[SourceProgress, ...]:
        """Takes the speed of all of them, and says how they do."""
        with self._lock:
            for state in self._states:
                state.measure(now)
            return tuple(
                SourceProgress(
                    state.key,
                    state.active,
                    state.speed,
                    state.received,
                    bool(state.dropped) or state.is_barred or self._is_slow(state, self._states),
                )
                for state in self._states
            )

    @property
    def has_begun(self) -> bool:
        with self._lock:
            return any(state.is_proven for state in self._states)

    @property
    def is_exhausted(self) -> bool:
        """Whether no source is left."""
        with self._lock:
            return all(state.dropped or state.is_barred for state in self._states)

    def left(self) -> list[SourceState]:
        """Those that are not dropped."""
        with self._lock:
            return [state for state in self._states if not state.dropped]

    def is_known(self, key: str) -> bool:
        return any(state.key == key for state in self._states)

    def has_others(self, key: str) -> bool:
        """Whether there is somebody else to ask."""
        return any(state.key != key for state in self.left())

    def blame(self, key: str, most: int) -> bool:
        """Bytes from it were wrong; the `most`th time it is dropped, if there is another. Whether it has been."""
        if (state := self._find(key)) is None:
            return False
        state.corrupt += 1
        state.fault = SourceProblem.FILE_DIFFERS
        if state.corrupt >= most and self.has_others(key):
            state.dropped = SourceProblem.FILE_DIFFERS
        return bool(state.dropped)

    def bar(self, key: str) -> None:
        """It is not asked while it is suspected of wrong bytes."""
        if (state := self._find(key)) is not None:
            state.is_barred = True

    def convict(self, key: str) -> None:
        """A file that came from it alone was wrong: others are asked from now on, those under suspicion too."""
        self.blame(key, most=1)
        self.absolve()

    def absolve(self) -> bool:
        """Who was only suspected may be asked again; whether there was one."""
        with self._lock:
            barred = [state for state in self._states if state.is_barred]
            for state in barred:
                state.is_barred = False
            return bool(barred)

    def _find(self, key: str) -> SourceState | None:
        return next((state for state in self._states if state.key == key), None)

    def reasons(self) -> tuple[SourceError, ...]:
        """Why each of them is no good."""
        with self._lock:
            faulty = [state for state in self._states if state.dropped or state.fault]
        return tuple(SourceError(source=state.key, reason=state.dropped or state.fault) for state in faulty)

    @staticmethod
    def _is_slow(state: SourceState, among: Iterable[SourceState]) -> bool:
        best = max((other.speed_each for other in among if not other.dropped), default=0.0)
        return 0 < state.speed_each * SLOW_RATIO < best

    def _promise(self, state: SourceState) -> tuple[float, int, int]:
        """The larger the better: first who is not measured yet, then the speed that one more connection may have."""
        if state.speed_each == 0:
            return float("inf"), -state.active, -self._states.index(state)
        return state.speed_each * (1 - 0.5 * state.active / self._connections), 0, -self._states.index(state)


def _most(state: SourceState) -> int:
    """How many connections it may have: one to see how it answers, and where it sends the whole file each time."""
    return state.most_connections if state.is_proven and state.knows_ranges else 1


def _distinct(names: Iterable[str]) -> list[str]:
    """Each name with a number behind it where there has been the same before."""
    seen: Counter[str] = Counter()
    keys = []
    for name in names:
        seen[name] += 1
        keys.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return keys
