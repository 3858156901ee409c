"""How loud a voice is where it speaks, how much of it is silence, and whether it is clipped."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.engines.engine import SAMPLE_RATE
from heygem.engines.mel import RATE_HZ, stream_mel
from heygem.engines.voice_gate import level, voice_gate

FLOOR_DB: Final = -120.0
MARGIN_DB: Final = 15.9  # of ITU-T P.56: what is so far below the level of speech is a pause in it
FULL_SCALE: Final = 0.98  # a sample beyond is clipped, or nearly so
_ROW: Final = round(SAMPLE_RATE / RATE_HZ)


@dataclass(frozen=True)
class VoiceLevel:
    """`level_db` is the RMS of what is spoken (of everything where nothing is), in dBFS, -120 for digital silence.

    `silent_share` is the part in which a mouth would rest, and `clipped_share` that of spoken samples at full scale,
    both 0..1.
    """

    level_db: float
    silent_share: float
    clipped_share: float

    @property
    def is_silent(self) -> bool:
        """Whether nothing in it would move a mouth."""
        return self.silent_share >= 1


def measure_voice(waveform: Iterable[NDArray[np.float32]]) -> VoiceLevel:
    """Of mono pieces at 16 kHz, -1..1, not empty. What speaks is what the engine holds for speech (see voice_gate).

    Its level is close to the active speech level of ITU-T P.56: pauses do not count.
    """
    powers: list[NDArray[np.float32]] = []
    full: list[NDArray[np.float32]] = []

    def note(pieces: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        for piece in pieces:  # whole rows but for the last
            rows = np.pad(piece, (0, -len(piece) % _ROW)).reshape(-1, _ROW)
            powers.append(np.square(rows).mean(axis=1))
            full.append((np.abs(rows) > FULL_SCALE).mean(axis=1, dtype=np.float32))
            yield piece

    gate = voice_gate(np.concatenate([level(rows) for rows in stream_mel(note(waveform))]))
    power, clipped = np.concatenate(powers), np.concatenate(full)
    speaks = gate[: len(power)] > 0.5
    if not speaks.any():
        return VoiceLevel(_decibels(power.mean()), 1.0, 0.0)
    threshold = power[speaks].mean() * 10 ** (-MARGIN_DB / 10)
    spoken = speaks & (power >= threshold)
    return VoiceLevel(_decibels(power[spoken].mean()), float(1 - speaks.mean()), float(clipped[spoken].mean()))


def _decibels(power: np.floating) -> float:
    return max(FLOOR_DB, 10 * float(np.log10(max(float(power), 1e-30))))
