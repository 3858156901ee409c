"""Lips meet for a sure p, b or m and a moment around it; a doubtful one changes little, an unlikely one nothing."""

import numpy as np
from numpy.typing import NDArray

from heygem.engines.closures import find_openness


def chances(value: float, rows: int = 4) -> NDArray[np.float32]:
    """A sound of `rows` rows in the middle of 40."""
    curve = np.zeros(40, np.float32)
    curve[20 : 20 + rows] = value
    return curve


def test_lips_meet_three_rows_before_a_sure_sound_and_part_one_row_after_it() -> None:
    shut = find_openness(chances(0.9)) == 0
    assert np.flatnonzero(shut).tolist() == [17, 18, 19, 20, 21, 22, 23, 24]


def test_an_unlikely_sound_changes_nothing() -> None:
    assert (find_openness(chances(0.25)) == 1).all()


def test_the_likelier_the_sound_the_closer_the_lips() -> None:
    lowest = [find_openness(chances(value)).min() for value in (0.32, 0.36, 0.42, 0.48)]
    assert lowest == sorted(lowest, reverse=True)
    assert 0 < lowest[-1] < lowest[0] < 1


def test_a_sound_of_one_row_is_seen_at_25_frames_a_second_wherever_the_frames_fall() -> None:
    openness = find_openness(chances(1.0, rows=1))
    assert openness[::2].min() == 0
    assert openness[1::2].min() == 0


def test_the_ends_of_a_voice_are_as_its_middle() -> None:
    assert find_openness(np.array([1, 0, 0, 0, 0, 0, 1], np.float32)).tolist() == [0, 0, 1, 0, 0, 0, 0]
    assert find_openness(np.zeros(0, np.float32)).shape == (0,)
