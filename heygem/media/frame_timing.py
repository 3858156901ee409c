"""Pure arithmetic on presentation times: which rate a list of them has, and which source frame an output frame shows.
Knows nothing of files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ticks = NDArray[np.int64]  # (N,), ascending, in units of a time base

NTSC: Final = tuple(Fraction(n * 1000, 1001) for n in (12, 15, 24, 30, 48, 60, 120))
STANDARD_RATES: Final = (*NTSC, *(Fraction(n) for n in (5, 6, 8, 10, 12, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120)))
FALLBACK_RATE: Final = Fraction(25)
MIN_VARIABLE_RATE: Final = 10  # a recorded screen that stands still has a lower mean, but lips have to move
MAX_RATE: Final = 1000


@dataclass(frozen=True)
class Rate:
    """Frames per second, and how many of them the source makes at that rate."""

    frame_rate: Fraction
    frame_count: int
    is_variable: bool


def find_rate(times: Ticks, time_base: Fraction, last_duration: int, hints: Iterable[Fraction | None]) -> Rate:
    """The rate of frames shown at `times`, of which the last lasts `last_duration` ticks (0: unknown).

    Constant when one line k / rate goes through all of them, but for the rounding of the container's clock (1 ms in
    Matroska and FLV); `hints` are the rates that the header names. Jitter below a quarter of a frame is still constant:
    showing such frames evenly is what was meant. Otherwise the mean rate, but at least
    MIN_VARIABLE_RATE.
    """
    count = len(times)
    known = [snap_to_standard(hint) for hint in hints if hint and 0 < hint <= MAX_RATE]
    if count < 2 or times[-1] == times[0]:
        return Rate(known[0] if known else FALLBACK_RATE, count, is_variable=False)
    seconds = (times - times[0]) * float(time_base)
    mean = Fraction(count - 1) / (Fraction(int(times[-1] - times[0])) * time_base)
    fitted = [snap_to_standard(mean, tolerance=0.002), snap_to_standard(mean), mean.limit_denominator(1001)]
    clock_error = max(float(time_base), 1e-3) * 1.001
    for tolerance in (clock_error, 0.25 / float(mean)):
        for rate in (*known, *fitted):
            if _deviation(seconds, rate) <= tolerance:
                return Rate(rate, count, is_variable=False)
    return _mean_rate(times, time_base, last_duration)


def snap_to_standard(rate: Fraction, tolerance: float = 1e-4) -> Fraction:
    """The standard rate within a relative `tolerance` of `rate`, so that 29.97 is 30000/1001; else `rate` itself."""
    nearest = min(STANDARD_RATES, key=lambda standard: abs(standard - rate))
    return nearest if abs(nearest - rate) <= tolerance * rate else rate


def _deviation(seconds: NDArray[np.float64], rate: Fraction) -> float:
    return float(np.abs(seconds - np.arange(len(seconds)) / float(rate)).max())


def _mean_rate(times: Ticks, time_base: Fraction, last_duration: int) -> Rate:
    count = len(times)
    span = int(times[-1] - times[0])
    duration = (span + (last_duration or span // (count - 1))) * time_base
    mean = (Fraction(count) / duration).limit_denominator(1001)
    rate = min(max(mean, Fraction(MIN_VARIABLE_RATE)), Fraction(MAX_RATE))
    return Rate(rate, max(1, round(duration * rate)), is_variable=True)


def source_indices(times: Ticks, time_base: Fraction, rate: Rate, wanted: Sequence[int]) -> NDArray[np.int64]:
    """The source frame that each output frame of `wanted` shows.

    At a constant rate frame k is source frame k. At a variable rate it is the latest one that has begun by k / rate
    after the first.
    """
    if not rate.is_variable:
        return np.asarray(wanted, dtype=np.int64)
    ticks_per_frame = 1 / (rate.frame_rate * time_base)
    moments = np.array([int(k * ticks_per_frame) for k in wanted], dtype=np.int64)
    return np.searchsorted(times - times[0], moments, side="right") - 1
