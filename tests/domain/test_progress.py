import pytest

from heygem.domain.errors import CancelledError
from heygem.domain.progress import CancelToken, EtaClock, Progress, Stage

PLAN = {Stage.PREPARE: 0, Stage.LISTEN: 10, Stage.TRACK: 100, Stage.RENDER: 100}
COST = {Stage.PREPARE: 1.0, Stage.LISTEN: 1.0, Stage.TRACK: 1.0, Stage.RENDER: 3.0}


class Clock:
    def __init__(self) -> None:
        self.time_s = 0.0

    def __call__(self) -> float:
        return self.time_s


def test_share():
    assert Progress(Stage.TRACK, 25, 100).share == 0.25
    assert Progress(Stage.TRACK, 120, 100).share == 1.0
    assert Progress(Stage.TRACK, 0, 0).share == 0.0


def test_guard_stops_between_items():
    token = CancelToken()
    seen = []
    with pytest.raises(CancelledError):
        for item in token.guard(range(10)):
            seen.append(item)
            if item == 2:
                token.cancel()
    assert seen == [0, 1, 2]


def test_guard_of_a_token_that_is_set_takes_nothing():
    token = CancelToken()
    token.cancel()
    assert token.is_cancelled
    with pytest.raises(CancelledError):
        next(token.guard(iter([1])))


def make_clock() -> tuple[EtaClock, Clock, list[Progress]]:
    now, events = Clock(), list[Progress]()
    return EtaClock(PLAN, COST, events.append, now), now, events


def test_no_eta_before_anything_is_measured():
    clock, now, events = make_clock()
    clock.report(Stage.LISTEN, 0)
    now.time_s = 0.2
    clock.report(Stage.LISTEN, 1)
    assert [event.eta_s for event in events] == [None, None]


def test_measured_pace_scales_the_later_stages():
    clock, now, events = make_clock()
    clock.report(Stage.TRACK, 0)
    now.time_s = 5.0  # 50 of 100: ten a second, so rendering costs 0.3 s a frame
    clock.report(Stage.TRACK, 50)
    assert events[-1].eta_s == pytest.approx(5 + 30)
    now.time_s = 10.0
    clock.report(Stage.TRACK, 100)
    clock.report(Stage.RENDER, 0)
    assert events[-1].eta_s == pytest.approx(30)
    now.time_s = 20.0  # rendering is twice as slow as guessed
    clock.report(Stage.RENDER, 10)
    assert events[-1].eta_s == pytest.approx(90)


def test_eta_ends_at_zero():
    clock, now, events = make_clock()
    clock.report(Stage.RENDER, 0)
    now.time_s = 10.0
    clock.report(Stage.RENDER, 100)
    assert events[-1].eta_s == 0
    assert events[-1].share == 1.0


def test_a_stage_found_in_the_cache_replaces_its_plan():
    clock, now, events = make_clock()
    clock.report(Stage.LISTEN, 0)
    now.time_s = 10.0
    clock.report(Stage.LISTEN, 10)  # one second a unit
    clock.report(Stage.TRACK, 0, 0)
    assert events[-1].eta_s == pytest.approx(300)
    assert events[-1].total == 0


def test_at_most_ten_events_a_second_but_the_first_and_last_always():
    clock, now, events = make_clock()
    for done in range(101):
        now.time_s = done / 1000
        clock.report(Stage.TRACK, done)
    clock.report(Stage.RENDER, 0)
    assert [(event.stage, event.done) for event in events] == [
        (Stage.TRACK, 0),
        (Stage.TRACK, 100),
        (Stage.RENDER, 0),
    ]


def test_a_slow_first_unit_of_a_long_job_says_nothing_yet():
    clock, now, events = make_clock()
    clock.report(Stage.TRACK, 0, 1)
    now.time_s = 3.0
    clock.report(Stage.TRACK, 1)
    assert events[-1].eta_s is None


def test_what_was_done_before_counts_for_no_pace():
    clock, now, events = make_clock()
    clock.report(Stage.RENDER, 80)
    assert (events[-1].done, events[-1].eta_s) == (80, None)
    now.time_s = 10.0
    clock.report(Stage.RENDER, 90)  # ten in ten seconds
    assert events[-1].eta_s == pytest.approx(10)
