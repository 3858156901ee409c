"""Where a mouth rests in a voice's pauses."""

import numpy as np

from heygem.engines.pauses import find_rests

SECOND = 50  # rows


def silent(*stretches: tuple[float, float], seconds: float = 6.0) -> np.ndarray:
    chances = np.zeros(round(seconds * SECOND), np.float32)
    for start, stop in stretches:
        chances[round(start * SECOND) : round(stop * SECOND)] = 1
    return chances


def test_the_mouth_comes_to_rest_in_a_long_pause_and_opens_ahead_of_the_voice():
    rests = find_rests(silent((2.0, 4.0)))
    at_rest = np.flatnonzero(rests > 0.5) / SECOND
    assert 2.1 < at_rest.min() < 2.35
    assert 3.5 < at_rest.max() < 3.75
    assert rests[: 2 * SECOND - 2].max() < 0.05
    assert np.abs(np.diff(rests)).max() < 0.25


def test_a_short_pause_is_the_networks_to_fill():
    assert find_rests(silent((1.0, 1.5), (3.0, 3.6))).max() < 0.01


def test_silence_before_and_after_the_voice_goes_on_outside_of_it():
    rests = find_rests(silent((0.0, 1.0), (5.0, 6.0)))
    assert rests[0] > 0.99
    assert rests[-1] > 0.99


def test_doubts_are_speech():
    assert find_rests(np.full(200, 0.7, np.float32)).max() < 0.5
    assert find_rests(np.zeros(1, np.float32)).shape == (1,)
