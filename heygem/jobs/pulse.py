"""The heartbeat of a worker: keeps its lease alive, hears what is wished of the job, and tells how far it is.

Runs in a thread of its own beside the work. Knows nothing of what the work is.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, Protocol

from heygem.domain.errors import HeyGemError, LeaseLostError, StalledError
from heygem.domain.progress import CancelToken, Progress
from heygem.domain.queue import Lease, Wish

log = logging.getLogger(__name__)

BEAT_EVERY_S: Final = 0.25
_LEASE_SPENT: Final = 0.8  # of the lease without a word from the queue: time to let go, before another takes the job


class PulseQueue(Protocol):
    """What the heartbeat needs of the queue."""

    def beat(self, worker_id: str) -> None: ...
    def renew(self, lease: Lease) -> Wish: ...
    def report(self, lease: Lease, progress: Progress) -> None: ...
    def stop(self, lease: Lease) -> None: ...
    def give_back(self, lease: Lease) -> None: ...
    def fail(self, lease: Lease, error: HeyGemError) -> None: ...


class Ending(Enum):
    """Why an attempt was told to end before its time."""

    NONE = auto()
    ASKED = auto()
    LOST = auto()
    CLOSING = auto()


@dataclass(frozen=True)
class Patience:
    """`lease_s` as the queue has it. A job that does not heed its token is ended with its process: after `grace_s`
    where somebody waits for that, after `closing_s` else. After `stall_s` without any progress, too.
    """

    lease_s: float
    stall_s: float
    grace_s: float = 0.7
    closing_s: float = 5.0


@dataclass
class Attempt:
    """A lease at work: its token, and the progress that the work reports by calling this."""

    lease: Lease
    now: Callable[[], float]
    token: CancelToken = field(default_factory=CancelToken)
    ending: Ending = Ending.NONE
    wish: Wish = Wish.GO_ON
    progress: Progress | None = None
    told: Progress | None = None

    def __post_init__(self) -> None:
        self.moved_at = self.renewed_at = self.now()
        self.ended_at = 0.0

    def __call__(self, progress: Progress) -> None:
        if self.progress is None or (progress.stage, progress.done) != (self.progress.stage, self.progress.done):
            self.moved_at = self.now()
        self.progress = progress

    def end(self, ending: Ending) -> None:
        """The first reason counts."""
        if self.ending is Ending.NONE:
            self.ending, self.ended_at = ending, self.now()
            self.token.cancel()


class Pulse:
    """Beats for one worker; `abort` ends the process at once, whatever its main thread is stuck in."""

    def __init__(
        self,
        queue: PulseQueue,
        worker_id: str,
        patience: Patience,
        abort: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._worker_id = worker_id
        self._patience = patience
        self._abort = abort
        self._now = now
        self._attempt: Attempt | None = None
        self._beaten_at = -1e9
        self._is_closing = False
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """May be called again."""
        if not self._thread.is_alive():
            self._thread.start()

    def close(self) -> None:
        """Ends the thread; a running attempt must have ended."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def let_go(self) -> None:
        """The worker is to end: so is the attempt at hand, and every later one at its start."""
        self._is_closing = True
        if (attempt := self._attempt) is not None:
            attempt.end(Ending.CLOSING)

    @contextmanager
    def hold(self, lease: Lease) -> Iterator[Attempt]:
        """An attempt that the heartbeat looks after until the block is left."""
        attempt = Attempt(lease, self._now)
        with self._lock:
            self._attempt = attempt
        if self._is_closing:
            attempt.end(Ending.CLOSING)
        try:
            yield attempt
        finally:
            with self._lock:
                self._attempt = None

    def _run(self) -> None:
        while not self._ended.wait(BEAT_EVERY_S):
            self.step()

    def step(self) -> None:
        """One heartbeat, and a look at what came of the last ones."""
        try:
            self._beat()
        except Exception:  # a database that is away for a moment must not end the heartbeat
            log.exception("a heartbeat failed")
        with self._lock:
            if self._attempt is not None:
                self._watch(self._attempt)

    def _beat(self) -> None:
        now = self._now()
        if now - self._beaten_at >= self._patience.lease_s / 8:
            self._queue.beat(self._worker_id)
            self._beaten_at = now
        with self._lock:
            if (attempt := self._attempt) is not None and attempt.ending in (Ending.NONE, Ending.ASKED):
                self._renew(attempt)

    def _renew(self, attempt: Attempt) -> None:
        try:
            attempt.wish = self._queue.renew(attempt.lease)
            attempt.renewed_at = self._now()
            if attempt.progress is not None and attempt.progress != attempt.told:
                attempt.told = attempt.progress
                self._queue.report(attempt.lease, attempt.told)
        except LeaseLostError:
            attempt.end(Ending.LOST)
            return
        if attempt.wish is not Wish.GO_ON:
            attempt.end(Ending.ASKED)

    def _watch(self, attempt: Attempt) -> None:
        """Lets go of a lease that cannot be renewed, and of a main thread that does not end or does not move."""
        now, patience = self._now(), self._patience
        if now - attempt.renewed_at > patience.lease_s * _LEASE_SPENT:
            attempt.end(Ending.LOST)
        if attempt.ending is not Ending.NONE:
            patience_s = patience.grace_s if attempt.ending is Ending.ASKED else patience.closing_s
            if now - attempt.ended_at > patience_s:
                self.settle(attempt)
                self._abort(f"the job did not end within {patience_s} s")
        elif now - attempt.moved_at > patience.stall_s:
            with forgiven_loss():
                self._queue.fail(attempt.lease, StalledError(minutes=round(patience.stall_s / 60, 1)))
            self._abort("the job stood still")

    def settle(self, attempt: Attempt) -> None:
        """Tells the queue that the attempt has ended as it was told to."""
        with forgiven_loss():
            if attempt.ending is Ending.ASKED:
                self._queue.stop(attempt.lease)
            elif attempt.ending is Ending.CLOSING:
                self._queue.give_back(attempt.lease)


@contextmanager
def forgiven_loss() -> Iterator[None]:
    """Whoever has lost a lease has nothing more to say about its job."""
    try:
        yield
    except LeaseLostError:
        log.warning("the lease was lost; what this attempt made is left to the next one")
