"""Questions that may hang: asked once at a time, and given up in time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from heygem.maintenance.probe import Probe


def test_what_hangs_is_given_up_and_not_asked_again_until_it_answers():
    gate, calls = threading.Event(), []

    def hang() -> int:
        calls.append(1)
        gate.wait(30)
        return len(calls)

    probe = Probe(hang)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            probe.begin().result(0.01)
    gate.set()
    assert probe.begin().result(5) == 1
    assert probe.begin().result(5) == 2


def test_many_that_ask_at_once_cost_one_look():
    calls: list[int] = []
    gate = threading.Event()

    def work() -> int:
        gate.wait(30)
        calls.append(1)
        return len(calls)

    probe = Probe(work, fresh_s=60)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(lambda: probe.begin().result(30)) for _ in range(8)]
        gate.set()
        assert [answer.result() for answer in answers] == [1] * 8
    assert probe.begin().result(1) == 1 and len(calls) == 1


def test_an_error_reaches_whoever_asks_and_is_not_for_ever():
    answers = iter([OSError("away"), "back"])

    def work() -> str:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return str(answer)

    probe = Probe(work)
    with pytest.raises(OSError, match="away"):
        probe.begin().result(5)
    assert probe.begin().result(5) == "back"
