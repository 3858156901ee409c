import threading
import time

import pytest

from heygem.pipeline.prefetch import prefetch


def count_threads():
    return sum(thread.name == "prefetch" for thread in threading.enumerate())


def test_items_arrive_in_order():
    assert list(prefetch(range(100), 4)) == list(range(100))
    assert count_threads() == 0


def test_no_more_than_size_items_are_made_ahead():
    made = []

    def source():
        for number in range(100):
            made.append(number)
            yield number

    ahead = prefetch(source(), 3)
    next(ahead)
    time.sleep(0.3)
    assert len(made) <= 1 + 3 + 1  # taken, queued, in hand
    ahead.close()


def test_what_the_source_raises_is_raised_after_the_items_before_it():
    def source():
        yield 1
        raise ValueError("broken")

    taken: list[int] = []
    with pytest.raises(ValueError, match="broken"):
        taken.extend(prefetch(source(), 2))
    assert count_threads() == 0


def test_closing_early_ends_the_thread_and_closes_the_source():
    closed = threading.Event()

    def source():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    ahead = prefetch(source(), 2)
    next(ahead)
    ahead.close()
    assert closed.is_set()
    assert count_threads() == 0
