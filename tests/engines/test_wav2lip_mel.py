"""The spectrum against the published formulas, written out once more with numpy and scipy, and in pieces."""

import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from heygem.engines.wav2lip_mel import SILENCE, stream_mel

Floats = NDArray[np.float32]


def published_mel(voice: Floats) -> NDArray[np.float64]:
    """(T, 80). Hyperparameters of the publication; spectrum and filters as librosa 0.7 has them by default."""
    loud = signal.lfilter([1, -0.97], [1], voice)
    padded = np.pad(loud, 400, mode="reflect")
    window = signal.get_window("hann", 800, fftbins=True)
    frames = [np.abs(np.fft.rfft(window * padded[at : at + 800])) for at in range(0, len(padded) - 799, 200)]
    mel = np.stack(frames) @ slaney_filters().T
    decibels = 20 * np.log10(np.maximum(np.exp(-100 / 20 * np.log(10)), mel)) - 20
    return np.clip(8 * ((decibels + 100) / 100) - 4, -4, 4)


def slaney_filters() -> NDArray[np.float64]:
    """(80, 401): linear below 1 kHz, logarithmic above, each triangle of one area."""

    def to_mel(hz: float) -> float:
        return hz / (200 / 3) if hz < 1000 else 15 + np.log(hz / 1000) / (np.log(6.4) / 27)

    def to_hz(mel: float) -> float:
        return mel * 200 / 3 if mel < 15 else 1000 * np.exp((mel - 15) * np.log(6.4) / 27)

    edges = [to_hz(mel) for mel in np.linspace(to_mel(55), to_mel(7600), 82)]
    bins = np.linspace(0, 8000, 401)
    rows = []
    for low, middle, high in zip(edges, edges[1:], edges[2:], strict=False):
        triangle = np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle))
        rows.append(np.maximum(0, triangle) * 2 / (high - low))
    return np.stack(rows)


def make_voice(count: int) -> Floats:
    """Tones and noise, loud and very quiet in turn."""
    random = np.random.default_rng(count)
    moments = np.arange(count) / 16_000
    loudness = 10.0 ** (-2.5 + 2 * np.sin(2 * np.pi * 0.7 * moments))
    tones = sum(np.sin(2 * np.pi * pitch * moments) for pitch in (110, 340, 2200, 5100))
    return np.asarray(loudness * (0.2 * tones + 0.1 * random.standard_normal(count)), np.float32)


def mel_of(pieces: list[Floats]) -> Floats:
    rows = list(stream_mel(pieces))
    return np.concatenate(rows) if rows else np.zeros((0, 80), np.float32)


@pytest.mark.parametrize("count", [401, 16_000, 204_799, 204_800, 205_201, 300_123])
def test_as_published_and_without_borders(count: int) -> None:
    voice = make_voice(count)
    cuts = np.sort(np.random.default_rng(1).integers(0, count + 1, 9))
    whole = mel_of([voice])
    assert whole.shape == (1 + count // 200, 80)
    assert np.abs(whole - published_mel(voice)).max() < 1e-3
    assert np.abs(whole - mel_of(np.split(voice, cuts))).max() < 1e-6


@pytest.mark.parametrize("count", [2, 399, 400])
def test_a_click_of_a_voice_has_rows_too(count: int) -> None:
    rows = mel_of([make_voice(count)])
    assert rows.shape == (1 + count // 200, 80)
    assert np.isfinite(rows).all()


def test_silence_and_nothing() -> None:
    assert np.all(mel_of([np.zeros(8000, np.float32)]) == SILENCE)
    assert len(mel_of([])) == len(mel_of([np.zeros(0, np.float32)])) == 0


def test_memory_does_not_grow_with_the_voice() -> None:
    second = make_voice(16_000)

    def peak_of(seconds: int) -> int:
        tracemalloc.start()
        for _ in stream_mel(second for _ in range(seconds)):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak_of(60) < 1.1 * peak_of(20)
