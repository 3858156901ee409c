"""When it is tried again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from heygem.domain.retrying import backoff_s, read_retry_after


def test_pauses_grow_and_differ():
    assert all(7.5 <= backoff_s(1, 10, 4, 3600) <= 12.5 for _ in range(50))
    assert all(120 <= backoff_s(3, 10, 4, 3600) <= 200 for _ in range(50))
    assert backoff_s(20, 10, 4, 3600) <= 3600 * 1.25
    assert len({backoff_s(1, 10, 4, 3600) for _ in range(50)}) > 40


def test_retry_after_is_read_in_both_forms():
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 58 <= read_retry_after(in_a_minute) <= 60
    assert read_retry_after("120") == 120
    assert [read_retry_after(value) for value in ("", "soon", "-5", "Wed, 21 Oct 2015 07:28:00 GMT")] == [0, 0, 0, 0]
