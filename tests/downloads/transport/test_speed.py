"""How fast bytes come and may come."""

import pytest

from heygem.downloads.transport.speed import SpeedLimit, SpeedMeter


def test_speed_is_that_of_the_last_seconds():
    meter = SpeedMeter(window_s=4)
    speeds = [meter.measure(total, now) for now, total in [(0, 0), (1, 100), (2, 200), (6, 200), (10, 1000)]]
    assert speeds[0] == 0 and speeds[1] == 100 and speeds[2] == 100
    assert speeds[4] == 200  # 800 in 4 s; what came earlier is forgotten


def test_without_a_limit_nobody_waits():
    limit = SpeedLimit(None)
    assert limit.book(10**12) == 0 and limit.block_bytes is None


def test_all_who_share_a_limit_wait_for_one_another():
    limit = SpeedLimit(1_000_000)
    waits = [limit.book(100_000) for _ in range(5)]
    assert waits == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5], abs=0.05)
    assert limit.block_bytes == 50_000
