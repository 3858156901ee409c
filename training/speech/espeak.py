"""Lets Debian's espeak-ng speak, and tells when each phone sounds, by its phoneme events (speak_lib.h)."""

import ctypes
from ctypes.util import find_library
from functools import cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.speech.phone_times import Phone
from training.speech.spoken import Spoken, resample

_SYNCHRONOUS, _PHONEME_EVENTS_IN_IPA, _UTF8 = 2, 3, 1
_RATE, _PITCH = 1, 3  # parameters
_ENDED, _PHONEME = 0, 7  # kinds of events


def has_espeak() -> bool:
    return find_library("espeak-ng") is not None


class _Event(ctypes.Structure):
    """espeak_EVENT, whose last member is a union of a number, a pointer and eight characters."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


_Callback: Final = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """The library in this process; it has but one voice at a time."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(find_library("espeak-ng") or "libespeak-ng.so.1")
        self._rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS_IN_IPA))
        self._pieces: list[NDArray[np.int16]] = []
        self._starts: list[tuple[str, float]] = []
        self._callback = _Callback(self._take)  # kept, or it would be freed
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: str, words_per_min: int = 150, pitch: int = 50) -> Spoken:
        """`text` by a voice and its variant, as "en-us+f2"; `pitch` in 0..100. Raises ValueError if unknown."""
        self._pieces, self._starts = [], []
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice}")
        for parameter, value in ((_RATE, words_per_min), (_PITCH, pitch)):
            self._library.espeak_SetParameter(parameter, value, 0)
        data = text.encode()
        self._library.espeak_Synth(data, ctypes.c_size_t(len(data) + 1), 0, 0, 0, _UTF8, None, None)
        samples = np.concatenate([*self._pieces, np.zeros(0, np.int16)])
        marks = [*self._starts, ("_", len(samples) / self._rate)]
        phones = tuple(Phone(name, start, end) for (name, start), (_, end) in pairwise(marks) if end > start)
        return Spoken(resample(samples, self._rate), phones, "ipa")

    def _take(self, wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            self._pieces.append(np.ctypeslib.as_array(wave, (count,)).copy())
        number = 0
        while events[number].type != _ENDED:
            if events[number].type == _PHONEME:
                name = bytes(events[number].name).decode("utf-8", errors="ignore") or "_"
                self._starts.append((name, events[number].audio_ms / 1000))
            number += 1
        return 0


@cache
def open_espeak() -> Espeak:
    """This process's."""
    return Espeak()
