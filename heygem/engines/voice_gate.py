"""Tells where a voice speaks and where it is silent, by its level alone, against its own loudness and background.

Knows nothing of words; a loud noise is a voice to it.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, binary_dilation, binary_opening, minimum_filter1d, percentile_filter

_STEP: Final = 50  # rows in which background and loudness are told anew: half a second
_AROUND: Final = 41  # such steps that are looked at: some twenty seconds
_DB: Final = float(np.log(10) / 10)
_SILENT_DB: Final = -42.0  # below this there is no voice, however quiet the rest
"""Decibels of mel power: loud speech has some 10, digital silence -60."""


def level(mel: NDArray[np.floating]) -> NDArray[np.float32]:
    """(T,) decibels from log-mel rows (T, 80): the mean power of the bands where speech is."""
    return np.asarray(np.log(np.exp(mel[:, 6:66], dtype=np.float32).mean(axis=1)) / _DB, dtype=np.float32)


def voice_gate(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """(T,) in 0..1 from levels, 100 a second: 1 where the voice speaks, 0 where it is silent, smooth between.

    Opens some 160 ms ahead of the voice, as mouths do, and stays as long after it; gaps under 300 ms stay open: what
    the mouth does in them is the network's to say.
    """
    if not len(levels):
        return np.zeros(0, dtype=np.float32)
    background, loudness = _surroundings(levels)
    threshold = np.clip(background + 5, loudness - 46, loudness - 20)
    threshold = np.maximum(threshold, _SILENT_DB)
    sure, possible = levels > threshold + 2, levels > threshold
    speaks = _connected(possible, binary_opening(sure, np.ones(3)))
    pad = 128
    speaks = np.pad(speaks, pad)
    speaks = binary_closing(speaks, np.ones(30))
    speaks = binary_dilation(speaks, np.ones(33))
    smooth = np.convolve(speaks.astype(np.float32), np.hanning(13)[1:-1] / np.hanning(13).sum(), mode="same")
    return smooth[pad:-pad].astype(np.float32)


def _surroundings(levels: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(T,) the background's and (T,) the loud parts' level around each row."""
    steps = -(-len(levels) // _STEP)
    padded = np.pad(levels, (0, steps * _STEP - len(levels)), mode="edge").reshape(steps, _STEP)
    quiet = minimum_filter1d(np.percentile(padded, 10, axis=1), _AROUND)
    loud = percentile_filter(np.percentile(padded, 90, axis=1), 80, _AROUND)
    at = np.arange(len(levels)) / _STEP - 0.5
    return np.interp(at, np.arange(steps), quiet), np.interp(at, np.arange(steps), loud)


def _connected(possible: NDArray[np.bool_], sure: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The runs of `possible` that hold something of `sure`: hysteresis."""
    borders = np.flatnonzero(np.diff(np.r_[False, possible, False].astype(np.int8))).reshape(-1, 2)
    kept = np.zeros(len(possible), dtype=bool)
    counts = np.r_[0, np.cumsum(sure)]
    for start, end in borders:
        kept[start:end] = counts[end] > counts[start]
    return kept
