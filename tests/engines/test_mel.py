"""The spectrum that arrives in pieces is the spectrum of the whole."""

import numpy as np
import pytest
from numpy.typing import NDArray

from heygem.engines.mel import SILENCE, stream_mel


def mel_of(pieces: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    rows = list(stream_mel(pieces))
    return np.concatenate(rows) if rows else np.zeros((0, 80), np.float32)


@pytest.mark.parametrize("count", [1, 159, 160, 16_000, 1024 * 160 - 1, 1024 * 160, 1024 * 160 + 256, 400_123])
def test_pieces_do_not_show(count: int) -> None:
    random = np.random.default_rng(count)
    voice = (0.1 * random.standard_normal(count)).astype(np.float32)
    whole = mel_of([voice])
    pieces = np.split(voice, np.sort(random.integers(0, count + 1, 9)))
    assert whole.shape == (1 + count // 160, 80)
    assert np.array_equal(whole, mel_of(pieces))


def test_an_empty_voice_has_no_rows() -> None:
    assert len(mel_of([])) == len(mel_of([np.zeros(0, np.float32)])) == 0


def test_digital_silence_is_the_floor() -> None:
    assert np.allclose(mel_of([np.zeros(8000, np.float32)]), SILENCE)


def test_a_row_lies_at_its_moment() -> None:
    voice = np.zeros(16_000, np.float32)
    voice[8000:8016] = 1  # a click after half a second
    assert mel_of([voice]).mean(axis=1).argmax() == 50


def test_a_tone_lies_in_its_band() -> None:
    moments = np.arange(16_000) / 16_000
    low, high = (mel_of([np.sin(2 * np.pi * f * moments).astype(np.float32)])[50].argmax() for f in (300, 3000))
    assert low < 20 < 45 < high
