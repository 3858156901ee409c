"""The spectrum that Wav2Lip was trained on, of a voice that arrives in pieces whose borders never show.

Magnitudes of a pre-emphasised voice in mel bands, in decibels, mapped to -4..4. What the published hyperparameters and
librosa 0.7 make of a voice, which pads both ends by reflection.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from torchaudio.functional import melscale_fbanks

from heygem.engines.engine import SAMPLE_RATE
from heygem.engines.mel import cut_pieces
from heygem.engines.nets.wav2lip import BANDS

RATE_HZ: Final = 80.0
SILENCE: Final = -4.0  # what digital silence comes out as

_HOP: Final = 200
_WINDOW: Final = 800
_REACH: Final = _WINDOW // 2
_BLOCK: Final = 1024  # rows computed at once
_PREEMPHASIS: Final = 0.97
_LOWEST_DB: Final = -100.0
_REFERENCE_DB: Final = 20.0
_LARGEST: Final = 4.0

Doubles = NDArray[np.float64]


def stream_mel(waveform: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """The spectrum of `waveform` (pieces of mono samples, 16 kHz, -1..1).

    Yields (n, 80) float32, n <= 1024: rows 12.5 ms apart, the first at time 0; 1 + samples // 200 rows in all, none for
    an empty voice. Memory does not grow with the voice.
    """
    span = (_BLOCK - 1) * _HOP + _WINDOW
    pending, last = np.zeros(0), 0.0
    samples = emitted = 0
    for piece in cut_pieces(waveform):
        before, samples = samples, samples + len(piece)
        exact = np.concatenate([[last], piece.astype(np.float64)])
        pending, last = np.concatenate([pending, exact[1:] - _PREEMPHASIS * exact[:-1]]), exact[-1]
        if before <= _REACH < samples:
            pending = np.concatenate([pending[_REACH:0:-1], pending])
        while samples > _REACH and len(pending) >= span:
            yield _to_rows(pending[:span])
            pending = pending[_BLOCK * _HOP :]
            emitted += _BLOCK
    if not samples:
        return
    padded = np.pad(pending, (0 if samples > _REACH else _REACH, _REACH), mode="reflect")
    rest = _to_rows(padded)[: 1 + samples // _HOP - emitted]
    for start in range(0, len(rest), _BLOCK):
        yield rest[start : start + _BLOCK]


def _to_rows(samples: Doubles) -> NDArray[np.float32]:
    """(n, 80) from the samples under n windows."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    magnitudes = np.abs(np.fft.rfft(windows * _hann()))
    decibels = 20 * np.log10(np.maximum(magnitudes @ _filters(), 10 ** (_LOWEST_DB / 20))) - _REFERENCE_DB
    scaled = 2 * _LARGEST * (decibels - _LOWEST_DB) / -_LOWEST_DB - _LARGEST
    return np.clip(scaled, -_LARGEST, _LARGEST).astype(np.float32)


@cache
def _hann() -> Doubles:
    """Periodic, as spectra want it."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW))


@cache
def _filters() -> Doubles:
    """(401, 80): triangles of one area each, on Slaney's scale."""
    bins = _WINDOW // 2 + 1
    return np.asarray(
        melscale_fbanks(bins, 55, 7600, BANDS, SAMPLE_RATE, norm="slaney", mel_scale="slaney"), np.float64
    )
