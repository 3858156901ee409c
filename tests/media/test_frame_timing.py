from fractions import Fraction

import numpy as np
import pytest

from heygem.media.frame_timing import Rate, find_rate, snap_to_standard, source_indices

MILLISECOND = Fraction(1, 1000)


def rounded_times(
    rate: Fraction, count: int, time_base: Fraction = MILLISECOND
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([round(number / rate / time_base) for number in range(count)], dtype=np.int64)


@pytest.mark.parametrize(
    "rate", [Fraction(24), Fraction(30000, 1001), Fraction(24000, 1001), Fraction(25, 2), Fraction(60)]
)
def test_rounding_to_milliseconds_leaves_a_rate_constant(rate: Fraction) -> None:
    assert find_rate(rounded_times(rate, 500), MILLISECOND, 0, [rate]) == Rate(rate, 500, is_variable=False)


def test_a_rate_without_a_hint_is_found() -> None:
    times = rounded_times(Fraction(30000, 1001), 3000)
    assert find_rate(times, MILLISECOND, 33, []).frame_rate == Fraction(30000, 1001)


def test_a_wrong_hint_is_not_believed() -> None:
    assert find_rate(rounded_times(Fraction(25), 500), MILLISECOND, 40, [Fraction(600)]).frame_rate == 25


def test_jitter_is_no_variable_rate() -> None:
    jitter = np.random.default_rng(1).integers(-7, 8, 300)
    rate = find_rate(rounded_times(Fraction(30), 300) + jitter, MILLISECOND, 33, [])
    assert rate == Rate(Fraction(30), 300, is_variable=False)


def test_a_true_variable_rate_has_the_mean() -> None:
    times = np.concatenate([np.arange(50) * 20, 1000 + np.arange(25) * 40])
    rate = find_rate(times, MILLISECOND, 40, [Fraction(50)])
    assert rate == Rate(Fraction(75, 2), 75, is_variable=True)


def test_a_variable_rate_is_fast_enough_for_lips() -> None:
    rate = find_rate(np.array([0, 20, 40, 5000]), MILLISECOND, 40, [])
    assert rate == Rate(Fraction(10), 50, is_variable=True)


def test_a_single_frame_has_the_rate_of_its_header() -> None:
    assert find_rate(np.array([7]), MILLISECOND, 0, [None, Fraction(30)]) == Rate(Fraction(30), 1, is_variable=False)


def test_only_near_rates_snap() -> None:
    assert snap_to_standard(Fraction(2997, 100)) == Fraction(30000, 1001)
    assert snap_to_standard(Fraction(29)) == 29


def test_an_output_frame_shows_the_latest_source_frame_that_has_begun() -> None:
    times = np.array([500, 520, 540, 700, 900])  # ms
    rate = Rate(Fraction(10), 5, is_variable=True)
    assert source_indices(times, MILLISECOND, rate, range(5)).tolist() == [0, 2, 3, 3, 4]


def test_a_frame_that_begins_exactly_then_is_shown() -> None:
    times = np.array([0, 1001, 2002])
    rate = Rate(Fraction(30000, 1001), 3, is_variable=True)
    assert source_indices(times, Fraction(1, 30000), rate, range(3)).tolist() == [0, 1, 2]
