"""The pace of what goes to and from the archive; no test waits."""

import pytest

from heygem.domain.errors import CancelledError
from heygem.domain.progress import CancelToken
from heygem.library.flow import Flow, TokenBucket


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.mark.parametrize("piece", [100, 1_000, 8_000])
def test_no_more_than_so_much_a_second(piece: int):
    clock = Clock()
    flow = Flow(bucket=TokenBucket(1_000), now=lambda: clock.now_s, sleep=clock.sleep)
    for _ in range(80_000 // piece):
        flow.let_pass(piece)
    assert clock.now_s - 1000 == pytest.approx(79)  # a second's worth goes at once


def test_what_was_not_used_is_not_saved_up():
    clock = Clock()
    bucket = TokenBucket(1_000)
    flow = Flow(bucket=bucket, now=lambda: clock.now_s, sleep=clock.sleep)
    flow.let_pass(1_000)
    clock.sleep(3_600)
    began_s = clock.now_s
    for _ in range(11):
        flow.let_pass(1_000)
    assert clock.now_s - began_s == pytest.approx(10)


def test_a_wait_is_given_up_soon_after_it_is_cancelled():
    clock, cancel = Clock(), CancelToken()

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.now_s > 1010:
            cancel.cancel()

    passed: list[int] = []
    flow = Flow(cancel, TokenBucket(1), passed.append, lambda: clock.now_s, sleep)
    with pytest.raises(CancelledError):
        flow.let_pass(1_000_000)
    assert clock.now_s < 1011 and passed == []


def test_without_a_bound_nothing_waits_and_all_is_counted():
    passed: list[int] = []
    flow = Flow(report=passed.append, sleep=lambda _: pytest.fail("it waited"))
    flow.let_pass(10**12)
    flow.skip(5)
    assert passed == [10**12, 5]
