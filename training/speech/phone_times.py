"""When each phone of a GRID sentence sounds: the words are known by the clip's name, pocketsphinx finds their times.

GRID's sentences: Cooke, Barker, Cunningham, Shao, An audio-visual corpus for speech perception, 2006.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Decoder

from heygem.engines.engine import SAMPLE_RATE

_DIGITS: Final = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_WORDS: Final = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {letter: letter for letter in "abcdefghijklmnopqrstuvxyz"},
    dict(zip("z123456789", _DIGITS, strict=True)),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)
_STEP: Final = 160  # samples
_MARGINS: Final = (10, 20, 30, 5, 40, 0)  # steps
_PEAK: Final = 0.8
_WIDE: Final = 1e-100  # paths so unlikely are still followed: the words are sure


@dataclass(frozen=True)
class Phone:
    """A phone that sounds from `start_s` to `end_s`; `name` in ARPAbet, small letters, or in IPA."""

    name: str
    start_s: float
    end_s: float

    @property
    def is_bilabial(self) -> bool:
        """p, b or m, which close the lips."""
        return self.name.strip("ˈˌ")[:1] in ("p", "b", "m")


def read_sentence(name: str) -> str | None:
    """The words that a GRID file's name, as sbwe5n, stands for; None if it is not such a name."""
    code = Path(name).stem
    if len(code) != len(_WORDS) or any(letter not in words for letter, words in zip(code, _WORDS, strict=True)):
        return None
    return " ".join(words[letter] for letter, words in zip(code, _WORDS, strict=True))


def align(words: str, samples: NDArray[np.float32]) -> tuple[Phone, ...]:
    """The phones of `words` as they are said in `samples`, mono at 16 kHz; none where these do not fit."""
    loud = np.clip(samples * (_PEAK / max(float(np.abs(samples).max(initial=0)), 1e-4)), -1, 1)
    sound = (loud * 32767).astype(np.int16)
    try:
        decoder = _hear(words, sound)  # kept: what it has found is gone with it
        found = [(part.word, part.start_frame, part.end_frame) for part in decoder.seg()]
    except RuntimeError:
        return ()
    spoken = [(start, stop) for word, start, stop in found if not word.startswith("<")]
    for margin in _MARGINS:  # with some stretches of silence around the words it does not find its way to their end
        start = max(0, spoken[0][0] - margin)
        stop = spoken[-1][1] + margin
        try:
            return _find_phones(words, sound[start * _STEP : stop * _STEP], start)
        except RuntimeError:
            continue
    return ()


def _find_phones(words: str, sound: NDArray[np.int16], start: int) -> tuple[Phone, ...]:
    """The phones of `words` in `sound`, which begins `start` steps late. Raises RuntimeError where it fails."""
    decoder = _hear(words, sound)
    decoder.set_alignment()
    _take_in(decoder, sound)
    alignment = decoder.get_alignment()  # kept: its words are gone with it
    phones = []
    for word in alignment:
        for phone in word:
            first, last = start + phone.start, start + phone.start + phone.duration
            name = re.sub(r"\d", "", phone.name).lower()
            phones.append(Phone(name, first * _STEP / SAMPLE_RATE, last * _STEP / SAMPLE_RATE))
    return tuple(phones)


def _hear(words: str, sound: NDArray[np.int16]) -> Decoder:
    """A decoder that has found where each of `words` is."""
    decoder = Decoder(lm=None, loglevel="FATAL", beam=_WIDE, pbeam=_WIDE, wbeam=_WIDE)
    decoder.set_align_text(words)
    _take_in(decoder, sound)
    return decoder


def _take_in(decoder: Decoder, sound: NDArray[np.int16]) -> None:
    decoder.start_utt()
    decoder.process_raw(sound.tobytes(), full_utt=True)
    decoder.end_utt()
