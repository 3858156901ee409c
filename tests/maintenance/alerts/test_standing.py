"""What is said of alerts, and when: by example, and as laws that hold of every course of things."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from heygem.maintenance.alerts.conditions import GONE, Condition, Sighting
from heygem.maintenance.alerts.standing import AGAIN, HOLD, AlertState, Letter, LetterKind, follow

NOW: Final = datetime(2026, 3, 29, 12, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
REPEAT: Final = timedelta(hours=6)
WARN: Final = Sighting(Condition.DISK_WARN, {"used_percent": 82}, Condition.DISK_WARN)
FULL: Final = Sighting(Condition.DISK_FULL, {"used_percent": 91}, Condition.DISK_FULL)
BELOW: Final = Sighting(None, {"used_percent": 79}, Condition.DISK_WARN)  # just
DOWN: Final = Sighting(Condition.WORKER_DOWN, {"waiting": 2})


def play(*course: tuple[float, Sighting | None], topic: str = "disk") -> list[tuple[int, LetterKind, Condition]]:
    """What is said, and at which minute, where a look each minute finds the sighting of the last entry until then."""
    state, said = AlertState(), []
    end = course[-1][0]
    for minute in range(int(end) + 1):
        sighting = next(seen for at, seen in reversed(course) if at <= minute)
        state, letters = follow(state, {topic: sighting}, NOW + minute * MINUTE, REPEAT)
        said += [(minute, letter.kind, letter.condition) for letter in letters]
    return said


def test_an_alert_is_told_at_once_and_again_only_at_its_time_and_once_when_it_is_over():
    assert play((0, GONE), (5, WARN), (5 + 13 * 60, GONE), (2000, GONE)) == [
        (5, LetterKind.RAISED, Condition.DISK_WARN),
        (5 + 6 * 60, LetterKind.REPEATED, Condition.DISK_WARN),
        (5 + 12 * 60, LetterKind.REPEATED, Condition.DISK_WARN),
        (5 + 13 * 60 + 10, LetterKind.CLEARED, Condition.DISK_WARN),
    ]


def test_what_gets_worse_is_told_at_once():
    assert play((0, WARN), (3, FULL), (400, FULL)) == [
        (0, LetterKind.RAISED, Condition.DISK_WARN),
        (3, LetterKind.RAISED, Condition.DISK_FULL),
        (3 + 6 * 60, LetterKind.REPEATED, Condition.DISK_FULL),
    ]


def test_what_gets_better_but_not_well_is_not_told_until_its_time_and_is_over_once():
    assert play((0, FULL), (30, WARN), (60, GONE), (600, GONE)) == [
        (0, LetterKind.RAISED, Condition.DISK_FULL),
        (70, LetterKind.CLEARED, Condition.DISK_WARN),
    ]


def test_to_and_fro_around_a_mark_is_one_alert():
    waves = [(float(minute), WARN if minute % 2 else BELOW) for minute in range(200)]
    assert play(*waves) == [(1, LetterKind.RAISED, Condition.DISK_WARN)]
    blinks = [(float(minute), WARN if minute % 9 == 0 else GONE) for minute in range(200)]
    assert play(*blinks) == [(0, LetterKind.RAISED, Condition.DISK_WARN)]


def test_what_comes_back_soon_is_told_half_an_hour_after_it_was_told_last():
    assert play((0, WARN), (2, GONE), (15, WARN), (60, WARN)) == [
        (0, LetterKind.RAISED, Condition.DISK_WARN),
        (12, LetterKind.CLEARED, Condition.DISK_WARN),
        (30, LetterKind.RAISED, Condition.DISK_WARN),
    ]


def test_a_worker_has_its_time_to_start():
    assert play((0, DOWN), (2, GONE), (90, GONE), topic="worker:a") == []
    assert play((0, DOWN), (9, None), (90, None), topic="worker:a") == [(3, LetterKind.RAISED, Condition.WORKER_DOWN)]


def test_what_cannot_be_seen_is_neither_repeated_nor_over():
    assert play((0, WARN), (1, None), (3000, None)) == [(0, LetterKind.RAISED, Condition.DISK_WARN)]


def test_a_clock_that_was_set_back_silences_nothing():
    state, _ = follow(AlertState(), {"disk": WARN}, NOW + timedelta(days=365), REPEAT)
    state, letters = follow(state, {"disk": WARN}, NOW, REPEAT)
    assert [letter.kind for letter in letters] == [LetterKind.REPEATED]
    state, _ = follow(state, {"disk": GONE}, NOW + timedelta(days=365), REPEAT)
    state, letters = follow(state, {"disk": GONE}, NOW + HOLD, REPEAT)
    assert [letter.kind for letter in letters] == [LetterKind.CLEARED]


SEEN: Final = st.sampled_from([None, GONE, BELOW, WARN, FULL])
JOBS: Final = st.sampled_from([None, GONE, DOWN, Sighting(Condition.WORKER_DYING)])
COURSE: Final = st.lists(st.tuples(st.integers(1, 90), SEEN, JOBS), max_size=80)


def run(course: list[tuple[int, Sighting | None, Sighting | None]]) -> tuple[AlertState, dict[str, list[Letter]]]:
    state, now, said = AlertState(), NOW, defaultdict[str, list[Letter]](list)
    for minutes, disk, worker in course:
        now += minutes * MINUTE
        state, letters = follow(state, {"disk": disk, "worker:a": worker}, now, REPEAT)
        for letter in letters:
            said[letter.topic].append(letter)
    return state, said


@given(COURSE)
def test_every_alert_that_was_told_is_over_exactly_once_and_none_without_one(course):
    state, said = run(course)
    for topic, letters in said.items():
        is_open = False
        for letter in letters:
            assert is_open or letter.kind is LetterKind.RAISED
            is_open = letter.kind is not LetterKind.CLEARED
        assert is_open == (topic in state.standing and state.standing[topic].told_as is not None)


@given(COURSE)
def test_no_condition_is_told_twice_within_its_time(course):
    _, said = run(course)
    for letters in said.values():
        told: dict[Condition, datetime] = {}
        latest: datetime | None = None
        for letter in letters:
            if letter.kind is LetterKind.CLEARED:
                continue
            if letter.kind is LetterKind.REPEATED:
                assert latest is not None and letter.at - latest >= REPEAT
            if letter.condition in told:
                assert letter.at - told[letter.condition] >= AGAIN
            told[letter.condition] = latest = letter.at


@given(COURSE)
def test_nothing_that_stays_gone_stands(course):
    state, _ = run(course)
    for minutes in (0, 30):
        now = NOW + timedelta(days=30, minutes=minutes)
        state, _ = follow(state, {"disk": GONE, "worker:a": GONE}, now, REPEAT)
    assert state == AlertState()
