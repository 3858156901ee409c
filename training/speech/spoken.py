"""A sentence that a synthesiser has said, and when each of its phones sounds."""

import wave
from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from heygem.engines.engine import SAMPLE_RATE
from training.speech.phone_times import Phone
from training.speech.visemes import Notation


@dataclass(frozen=True)
class Spoken:
    """(N,) mono samples in -1..1 at 16 kHz, and phones one after another, named in `notation`."""

    samples: NDArray[np.float32]
    phones: tuple[Phone, ...]
    notation: Notation


def phones_from_ends(ends: Iterable[tuple[str, float]]) -> tuple[Phone, ...]:
    """Phones of which each begins where the one before ends, from their names and ends in seconds."""
    phones, start = [], 0.0
    for name, end in ends:
        phones.append(Phone(name, start, end))
        start = end
    return tuple(phones)


def read_wave(path: Path) -> NDArray[np.float32]:
    """(N,) samples in -1..1 at 16 kHz of a mono file of 16-bit samples."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        return resample(samples, file.getframerate())


def resample(samples: NDArray[np.int16], rate: int) -> NDArray[np.float32]:
    """The same sound at 16 kHz and in -1..1, from `rate` samples a second."""
    common = gcd(rate, SAMPLE_RATE)
    whole = samples.astype(np.float32) / np.float32(32768)
    return np.asarray(resample_poly(whole, SAMPLE_RATE // common, rate // common), np.float32)
