"""How a file's bytes are handed out and, at the end, divided anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from heygem.domain.models import ModelFile
from heygem.downloads.transport.part_file import PartFile
from heygem.downloads.transport.work_list import Span, WorkList

SIZE = 16_000_000
LEAST = 1_000_000


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def part(tmp_path: Path) -> Iterator[PartFile]:
    part = PartFile(ModelFile("x", SIZE, "0"), tmp_path / "x")
    yield part
    part.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def take(work: WorkList, speed: float = 0.0) -> Span:
    span = work.take(speed)
    assert span is not None
    return span


def test_the_first_connections_get_equal_shares_in_the_order_of_the_file(part: PartFile, clock: Clock):
    work = WorkList(part, 4, LEAST, clock)
    spans = [take(work) for _ in range(4)]
    assert [(span.start, span.end) for span in spans] == [(n * SIZE // 4, (n + 1) * SIZE // 4) for n in range(4)]
    assert work.take(0) is None  # they have hardly begun


def test_a_connection_gets_what_it_can_fetch_in_ten_seconds(part: PartFile, clock: Clock):
    work = WorkList(part, 1, LEAST, clock)
    assert take(work, 300_000).end == 3_000_000
    assert take(work, 10).end == 4_000_000  # but not less than the least


def test_what_is_there_is_not_handed_out_and_what_is_given_back_is(part: PartFile, clock: Clock):
    part.note(0, 2_000_000, "here", "")
    part.note(3_000_000, SIZE, "here", "")
    work = WorkList(part, 2, LEAST, clock)
    span = take(work)
    assert (span.start, span.end) == (2_000_000, 3_000_000)
    work.give_back(span)
    assert take(work).start == 2_000_000


def test_the_slowest_ones_remainder_is_divided_by_speed(part: PartFile, clock: Clock):
    work = WorkList(part, 2, LEAST, clock)
    slow, fast = take(work), take(work)
    clock.now += 2
    work.advance(slow, 1_000_000)
    work.advance(fast, 7_900_000)
    cut = take(work, speed=1_500_000)
    assert (cut.start, cut.end) == (1_000_000 + 7_000_000 // 4, 8_000_000)
    assert slow.end == cut.start and fast.end == SIZE


def test_what_is_nearly_done_is_left_to_its_holder(part: PartFile, clock: Clock):
    work = WorkList(part, 1, LEAST, clock)
    span = take(work)
    clock.now += 2
    work.advance(span, SIZE - 1_000_000)
    assert work.take(1_000_000) is None


def test_a_silent_ones_work_is_done_twice_and_whoever_is_first_counts(part: PartFile, clock: Clock):
    work = WorkList(part, 1, LEAST, clock)
    silent = take(work)
    work.advance(silent, 1_000_000)
    clock.now += 4
    double = take(work)
    assert (double.start, double.end, silent.end) == (1_000_000, SIZE, SIZE)
    assert work.take(0) is None  # not a third time at once
    part.note(double.start, double.end, "here", "")
    assert work.is_over(silent) and work.is_over(double)
