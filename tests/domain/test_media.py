from fractions import Fraction
from pathlib import Path

import pytest

from heygem.domain.media import TimeRange, VideoFacts


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"),
    [
        (0, 0.4, "0:00.00-0:00.40"),
        (59.996, 61.5, "1:00.00-1:01.50"),
        (3599.999, 3600, "1:00:00.00-1:00:00.00"),
        (7322.04, 7399, "2:02:02.04-2:03:19.00"),
    ],
)
def test_timecode(start_s: float, end_s: float, expected: str):
    assert TimeRange(start_s, end_s).timecode() == expected


def test_duration_is_exact_for_broadcast_rates():
    facts = VideoFacts(Path("a.mp4"), 64, 64, Fraction(30000, 1001), 30000)
    assert facts.duration_s == 1001.0
