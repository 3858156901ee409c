"""Log-mel spectrum of a voice that arrives in pieces; the pieces' borders never show in the result.

Knows nothing of files, of sample rates other than 16 kHz, and of what the spectrum is used for.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torchaudio.transforms import MelSpectrogram

from heygem.engines.engine import SAMPLE_RATE

BANDS: Final = 80
RATE_HZ: Final = 100.0
SILENCE: Final = float(np.log(1e-6))  # what digital silence comes out as

_HOP: Final = 160
_WINDOW: Final = 512  # samples that one row looks at, the row's moment in their middle
_BLOCK: Final = 1024  # rows computed at once: always the same blocks, so that rounding is the same too


def stream_mel(waveform: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
    """The natural logarithm of the mel powers of `waveform` (pieces of mono samples, 16 kHz, -1..1).

    Yields (n, 80) float32, n <= 1024: rows 10 ms apart, the first at time 0; there are 1 + samples // 160 rows in all,
    none for an empty voice. Beyond both ends there is silence. Memory does not grow with the voice.
    """
    spectrum = MelSpectrogram(
        SAMPLE_RATE, n_fft=_WINDOW, win_length=400, hop_length=_HOP, n_mels=BANDS, f_min=50, f_max=7600, center=False
    )
    span = (_BLOCK - 1) * _HOP + _WINDOW
    pending = np.zeros(_WINDOW // 2, dtype=np.float32)
    samples = emitted = 0
    for piece in cut_pieces(waveform):
        samples += len(piece)
        pending = np.concatenate([pending, piece])
        while len(pending) >= span:
            yield _log_mel(spectrum, pending[:span])
            pending = pending[_BLOCK * _HOP :]
            emitted += _BLOCK
    missing = (1 + samples // _HOP if samples else 0) - emitted
    pending = np.pad(pending, (0, 2 * span))
    for start in range(0, missing, _BLOCK):
        block = _log_mel(spectrum, pending[start * _HOP : start * _HOP + span])
        yield block[: missing - start]


def cut_pieces(waveform: Iterable[NDArray[np.float32]], size: int = 1 << 20) -> Iterator[NDArray[np.float32]]:
    """The same samples in flat pieces of at most `size`."""
    for piece in waveform:
        flat = np.asarray(piece, dtype=np.float32).reshape(-1)
        for start in range(0, len(flat), size):
            yield flat[start : start + size]


def _log_mel(spectrum: MelSpectrogram, samples: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.inference_mode():
        power = spectrum(torch.from_numpy(samples))
        return np.asarray(power.clamp_min(1e-6).log().T.contiguous().numpy())
