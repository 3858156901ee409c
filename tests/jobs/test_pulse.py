"""What the heartbeat does when a job is to end, stands still, or is another's; on a clock that the test turns."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from heygem.domain.errors import HeyGemError, LeaseLostError, StalledError
from heygem.domain.job import LipSyncRequest
from heygem.domain.progress import Progress, Stage
from heygem.domain.queue import Lease, Wish
from heygem.jobs.pulse import Attempt, Ending, Patience, Pulse

LEASE = Lease("job", "worker", 1, LipSyncRequest(Path("p.mp4"), Path("v.wav"), Path("o.mp4")))
PATIENCE = Patience(lease_s=20, stall_s=60)


@dataclass
class Told:
    """A queue that answers as told and writes down what it hears."""

    wish: Wish = Wish.GO_ON
    is_lost: bool = False
    is_away: bool = False
    heard: list[object] = field(default_factory=list)

    def beat(self, worker_id: str) -> None:
        self.heard.append(worker_id)

    def renew(self, _: Lease) -> Wish:
        if self.is_away:
            raise ConnectionError("no database")
        if self.is_lost:
            raise LeaseLostError()
        return self.wish

    def report(self, _: Lease, progress: Progress) -> None:
        self.heard.append(progress)

    def stop(self, _: Lease) -> None:
        self.heard.append("stop")

    def give_back(self, _: Lease) -> None:
        self.heard.append("give back")

    def fail(self, _: Lease, error: HeyGemError) -> None:
        self.heard.append(error)


@dataclass
class Bench:
    queue: Told
    pulse: Pulse
    attempt: Attempt
    aborted: list[str]
    clock: list[float]

    def go(self, seconds: float) -> None:
        self.clock[0] += seconds
        self.pulse.step()


@pytest.fixture
def bench() -> Iterator[Bench]:
    queue, aborted, clock = Told(), list[str](), [0.0]
    pulse = Pulse(queue, "worker", PATIENCE, aborted.append, lambda: clock[0])
    with pulse.hold(LEASE) as attempt:
        yield Bench(queue, pulse, attempt, aborted, clock)


def test_progress_is_told_once(bench: Bench):
    bench.attempt(Progress(Stage.TRACK, 1, 9))
    bench.go(0.25)
    bench.go(0.25)
    assert bench.queue.heard == ["worker", Progress(Stage.TRACK, 1, 9)]


@pytest.mark.parametrize("wish", [Wish.CANCEL, Wish.PAUSE])
def test_a_wish_sets_the_token_and_what_does_not_heed_it_is_ended(bench: Bench, wish: Wish):
    bench.queue.wish = wish
    bench.go(0.25)
    assert bench.attempt.token.is_cancelled and bench.attempt.ending is Ending.ASKED
    bench.go(0.5)
    assert not bench.aborted
    bench.go(0.25)
    assert len(bench.aborted) == 1 and bench.queue.heard[-1] == "stop"


def test_a_lost_lease_ends_the_attempt_and_nothing_is_said_of_the_job(bench: Bench):
    bench.queue.is_lost = True
    bench.go(0.25)
    assert bench.attempt.ending is Ending.LOST and bench.attempt.token.is_cancelled
    bench.go(6)
    assert len(bench.aborted) == 1 and bench.queue.heard == ["worker", "worker"]


def test_a_lease_that_cannot_be_renewed_is_let_go_before_another_may_have_it(bench: Bench):
    bench.queue.is_away = True
    bench.go(15)
    assert not bench.attempt.token.is_cancelled
    bench.go(1.5)
    assert bench.attempt.ending is Ending.LOST and bench.clock[0] < PATIENCE.lease_s


def test_a_database_that_comes_back_in_time_costs_nothing(bench: Bench):
    bench.queue.is_away = True
    bench.go(15)
    bench.queue.is_away = False
    bench.go(0.25)
    bench.go(15)
    assert bench.attempt.ending is Ending.NONE


def test_what_stands_still_fails_and_ends_its_process(bench: Bench):
    bench.attempt(Progress(Stage.RENDER, 1, 9))
    for _ in range(59):
        bench.go(1)
        bench.attempt(Progress(Stage.RENDER, 1, 9, eta_s=bench.clock[0]))  # words, but no progress
    assert not bench.aborted
    bench.go(2)
    assert bench.aborted and isinstance(bench.queue.heard[-1], StalledError)


def test_what_moves_is_left_alone(bench: Bench):
    for done in range(100):
        bench.attempt(Progress(Stage.RENDER, done, 100))
        bench.go(30)
    assert not bench.aborted and bench.attempt.ending is Ending.NONE


def test_a_worker_that_ends_gives_its_job_back(bench: Bench):
    bench.pulse.let_go()
    assert bench.attempt.token.is_cancelled
    bench.go(6)
    assert bench.aborted and bench.queue.heard[-1] == "give back"


def test_a_job_taken_while_the_worker_ends_is_given_back_at_once(bench: Bench):
    bench.pulse.let_go()
    with bench.pulse.hold(LEASE) as late:
        assert late.ending is Ending.CLOSING and late.token.is_cancelled
