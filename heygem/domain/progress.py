"""One progress event for every sink (page, command line, log), and the token that cancels the work that reports."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar

from heygem.domain.errors import CancelledError

T = TypeVar("T")

_SHORTEST_PAUSE_S: Final = 0.1
# A pace is believed once it has been measured for so long, over such a part of the whole job: the first frame of a
# photo takes seconds to warm up and says nothing of the rest.
_SHORTEST_MEASURE_S: Final = 0.5
_SMALLEST_MEASURE: Final = 0.01


class Stage(StrEnum):
    """The steps of a job, in their order."""

    PREPARE = "prepare"
    LISTEN = "listen"
    TRACK = "track"
    RENDER = "render"


# How long the stages take against one another, measured on a 2-core machine; only the bar's evenness hangs on it.
STAGE_WEIGHTS: Final[Mapping[Stage, float]] = {
    Stage.PREPARE: 2,
    Stage.LISTEN: 3,
    Stage.TRACK: 35,
    Stage.RENDER: 60,
}


@dataclass(frozen=True)
class Progress:
    """`done` of `total` units of `stage` (frames; seconds of voice when listening); `eta_s` for the whole job."""

    stage: Stage
    done: int
    total: int
    eta_s: float | None = None

    @property
    def share(self) -> float:
        """How much of the stage is done, 0..1."""
        return min(1.0, self.done / self.total) if self.total > 0 else 0.0

    @property
    def whole_share(self) -> float:
        """How much of the whole job is done, 0..1."""
        stages = list(Stage)
        before = sum(STAGE_WEIGHTS[stage] for stage in stages[: stages.index(self.stage)])
        return (before + STAGE_WEIGHTS[self.stage] * self.share) / sum(STAGE_WEIGHTS.values())


ProgressSink: TypeAlias = Callable[[Progress], None]


class CancelToken:
    """Set by whoever wants the work to end, looked at between frames by whoever does it."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raises CancelledError once the token is set."""
        if self._event.is_set():
            raise CancelledError()

    def guard(self, items: Iterable[T]) -> Iterator[T]:
        """`items`, with a check before each."""
        for item in items:
            self.check()
            yield item


class EtaClock:
    """Turns (stage, done, total) into events with the time that the whole job still needs.

    `plan` says how many units each stage has and `cost` how long a unit of it takes by guess, in any common unit; as
    soon as a stage has run, its measured pace rescales the guesses for those that follow. What a stage's first event
    says is done was done before, and counts for no pace. At most ten events a second and stage are sent, and always a
    stage's first and last.
    """

    def __init__(
        self,
        plan: dict[Stage, int],
        cost: dict[Stage, float],
        sink: ProgressSink,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = dict(plan)
        self._cost = cost
        self._sink = sink
        self._now = now
        self._stage: Stage | None = None
        self._stage_began = 0.0
        self._done_before = 0
        self._last_sent = 0.0
        self._scale: float | None = None

    def report(self, stage: Stage, done: int, total: int | None = None) -> None:
        """Sends one event. A `total` other than planned (a cached stage, say) replaces the plan's."""
        now = self._now()
        if total is not None:
            self._plan[stage] = total
        if stage is not self._stage:
            self._stage, self._stage_began, self._done_before = stage, now, done
        planned = self._plan.get(stage, 0)
        if self._done_before < done < planned and now - self._last_sent < _SHORTEST_PAUSE_S:
            return
        self._last_sent = now
        elapsed = now - self._stage_began
        spent = (done - self._done_before) * self._cost[stage]
        if elapsed > _SHORTEST_MEASURE_S and spent > _SMALLEST_MEASURE * self._cost_of(self._plan):
            self._scale = elapsed / spent
        self._sink(Progress(stage, done, planned, self._eta(stage, done)))

    def _eta(self, stage: Stage, done: int) -> float | None:
        if self._scale is None:
            return None
        stages = list(Stage)
        later = stages[stages.index(stage) + 1 :]
        left = (self._plan.get(stage, 0) - done) * self._cost[stage] + self._cost_of(later)
        return max(0.0, left * self._scale)

    def _cost_of(self, stages: Iterable[Stage]) -> float:
        return sum(self._plan.get(stage, 0) * self._cost[stage] for stage in stages)
