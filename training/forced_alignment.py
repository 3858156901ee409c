"""When each phone of a GRID sentence sounds: the words are known by the clip's name, pocketsphinx finds their times.

GRID's sentences: Cooke, Barker, Cunningham, Shao, An audio-visual corpus for speech perception, 2006.
"""

import re
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from pocketsphinx import Decoder

from training.dataset import CLIPS
from training.motion_data import index
from training.visemes import Phone
from training.voices import read_voice

_WORDS: Final = (
    {"b": "bin", "l": "lay", "p": "place", "s": "set"},
    {"b": "blue", "g": "green", "r": "red", "w": "white"},
    {"a": "at", "b": "by", "i": "in", "w": "with"},
    {letter: letter for letter in "abcdefghijklmnopqrstuvxyz"},
    dict(zip("z123456789", "zero one two three four five six seven eight nine".split(), strict=True)),
    {"a": "again", "n": "now", "p": "please", "s": "soon"},
)
_STEP_S: Final = 0.01


def read_sentence(name: str) -> str | None:
    """The words that a GRID file's name, as sbwe5n, stands for; None if it is not such a name."""
    code = Path(name).stem
    if len(code) != len(_WORDS) or any(letter not in words for letter, words in zip(code, _WORDS, strict=True)):
        return None
    return " ".join(words[letter] for letter, words in zip(code, _WORDS, strict=True))


@cache
def align(source: str) -> tuple[Phone, ...]:
    """The phones of a clip of the index in ARPAbet, small letters; none if it is no GRID clip or does not fit."""
    words = read_sentence(index()[source]["path"])
    voice = read_voice(CLIPS / source)
    if words is None or not len(voice):
        return ()
    samples = np.clip(voice * (0.8 / max(float(np.abs(voice).max()), 1e-4)), -1, 1)
    sound = (samples * 32767).astype(np.int16).tobytes()
    decoder = Decoder(lm=None, loglevel="FATAL")
    try:
        decoder.set_align_text(words)
        _hear(decoder, sound)
        decoder.set_alignment()
        _hear(decoder, sound)
    except RuntimeError:  # the sound does not fit the words
        return ()
    phones = (phone for word in decoder.get_alignment().words() for phone in word)
    return tuple(
        Phone(re.sub(r"\d", "", phone.name).lower(), phone.start * _STEP_S, (phone.start + phone.duration) * _STEP_S)
        for phone in phones
    )


def _hear(decoder: Decoder, sound: bytes) -> None:
    decoder.start_utt()
    decoder.process_raw(sound, full_utt=True)
    decoder.end_utt()
