"""When to try again what has failed at somebody else's."""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

JITTER: Final = 0.25


def backoff_s(attempt: int, first_wait_s: float, growth: float, longest_wait_s: float) -> float:
    """How long to wait after so many attempts; never quite the same, so that not all ask at once."""
    return min(longest_wait_s, first_wait_s * growth ** (attempt - 1)) * random.uniform(1 - JITTER, 1 + JITTER)


def read_retry_after(value: str) -> float:
    """Seconds from now, of a header with either seconds or a date (RFC 9110); 0 for anything else."""
    if value.strip().isdecimal():
        return float(value)
    try:
        then = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
