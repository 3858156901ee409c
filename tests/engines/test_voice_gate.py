"""Where a voice speaks and where it is silent."""

import numpy as np
import pytest
from numpy.typing import NDArray

from heygem.engines.voice_gate import voice_gate


def levels(speech_db: float, background_db: float, seconds: float = 12.0) -> NDArray[np.float32]:
    """Speech between second 4 and 8, syllables five times a second; the background around it."""
    at = np.arange(round(seconds * 100)) / 100
    speech = speech_db - 6 + 6 * np.cos(2 * np.pi * 5 * at)
    noise = background_db + np.random.default_rng(0).normal(0, 1, len(at))
    return np.where((at >= 4) & (at < 8), np.maximum(speech, noise), noise).astype(np.float32)


@pytest.mark.parametrize(("speech", "background"), [(10, -60), (-20, -55), (10, -12), (0, -30)])
def test_opens_for_speech_and_closes_for_background(speech: float, background: float) -> None:
    gate = voice_gate(levels(speech, background))
    assert gate[430:770].min() > 0.99
    assert gate[:365].max() < 0.01
    assert gate[850:].max() < 0.01


def test_opens_before_the_voice_and_without_a_jump() -> None:
    gate = voice_gate(levels(10, -60))
    assert gate[398] > 0.5
    assert np.abs(np.diff(gate)).max() < 0.35


def test_a_short_gap_stays_open() -> None:
    voice = levels(10, -60)
    voice[600:610] = -60
    assert voice_gate(voice)[590:620].min() > 0.99


def test_near_silence_is_silence() -> None:
    assert not voice_gate(np.full(500, -100, np.float32)).any()
    assert not voice_gate(np.random.default_rng(0).normal(-80, 2, 500).astype(np.float32)).any()
    assert len(voice_gate(np.zeros(0, np.float32))) == 0
