"""A voice's mean spectrum: what gain, microphone and pauses do to it."""

import numpy as np
import pytest

from heygem.engines.mean_spectrum import mean_spectrum
from heygem.engines.mel import BANDS, SILENCE


def speech(rows: int = 400) -> np.ndarray:
    """Log-mel rows that rise and fall as syllables do."""
    random = np.random.default_rng(0)
    syllables = 3 * np.sin(np.arange(rows) / 4)[:, None]
    return (random.normal(-4, 0.5, (rows, BANDS)) + syllables).astype(np.float32)


def test_gain_and_microphone_do_not_show_in_what_is_left():
    mel = speech()
    colour = np.linspace(-2, 3, BANDS, dtype=np.float32)
    left = mel - mean_spectrum([mel])
    assert mel + colour - mean_spectrum([mel + colour]) == pytest.approx(left, abs=0.15)
    assert mel + 5 - mean_spectrum([mel + 5]) == pytest.approx(left, abs=1e-3)


def test_pauses_hardly_count():
    mel = speech()
    pause = np.full((600, BANDS), SILENCE, np.float32)
    assert np.abs(mean_spectrum([mel, pause]) - mean_spectrum([mel])).max() < 0.6
    assert np.abs(np.concatenate([mel, pause]).mean(axis=0) - mel.mean(axis=0)).max() > 4


def test_blocks_do_not_show():
    mel = speech()
    assert mean_spectrum([mel[:7], mel[7:300], mel[300:]]) == pytest.approx(mean_spectrum([mel]), abs=1e-4)


def test_silence_is_its_own_mean():
    silence = np.full((50, BANDS), SILENCE, np.float16)
    assert mean_spectrum([silence]) == pytest.approx(np.full(BANDS, SILENCE), abs=0.01)
