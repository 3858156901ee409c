"""Things to say, made up: sentences of made-up words that a synthesiser of some language can read."""

from pathlib import Path
from typing import Final

import numpy as np

_LATIN: Final = (
    ["p", "b", "m", "f", "v", "t", "d", "n", "l", "s", "z", "k", "g", "r", "h", "j", "w", "p", "b", "m", "ch", "sh"],
    ["a", "e", "i", "o", "u", "a", "e", "o", "ai", "ou", "ei"],
)
_CYRILLIC: Final = (
    ["п", "б", "м", "ф", "в", "т", "д", "н", "л", "с", "з", "к", "г", "р", "х", "ж", "ш", "ч", "п", "б", "м"],
    ["а", "э", "и", "о", "у", "ы", "я", "е", "ю"],
)
_ARABIC: Final = (
    ["ب", "م", "ف", "ت", "د", "ن", "ل", "س", "ز", "ك", "ر", "ه", "ج", "ش", "و", "ي", "ب", "م", "ق", "ح", "ع", "ط"],
    ["َا", "َ", "ِ", "ُ", "ِي", "ُو"],
)
_DEVANAGARI: Final = (
    ["प", "ब", "म", "फ", "भ", "व", "त", "द", "न", "ल", "स", "क", "ग", "र", "ह", "ज", "च", "श", "प", "ब", "म"],
    ["ा", "े", "ि", "ो", "ु", "ी", "ू", "ै", "ौ"],
)
_ALPHABETS: Final = {"ru": _CYRILLIC, "ar": _ARABIC, "hi": _DEVANAGARI}
_PROSE: Final = Path("/usr/share/common-licenses")  # on every Debian: English that needs no download


def make_text(language: str, random: np.random.Generator) -> str:
    """A few seconds of text in the letters of `language`; common characters in a row for Mandarin."""
    if language.startswith(("cmn", "zh", "yue")):
        return "，".join("".join(_hanzi(random) for _ in range(random.integers(3, 9))) for _ in range(2))
    if language.startswith("en") and random.random() < 0.6 and (words := _read_prose()):
        start = int(random.integers(0, len(words) - 12))
        return " ".join(words[start : start + 10])
    onsets, vowels = _ALPHABETS.get(language[:2], _LATIN)

    def word() -> str:
        return "".join(str(random.choice(onsets)) + str(random.choice(vowels)) for _ in range(random.integers(1, 4)))

    return ", ".join(" ".join(word() for _ in range(random.integers(2, 5))) for _ in range(2))


def _hanzi(random: np.random.Generator) -> str:
    """One of the 3,755 most common characters (GB 2312, level 1)."""
    return bytes([int(random.integers(0xB0, 0xD7)), int(random.integers(0xA1, 0xFF))]).decode("gb2312")


def _read_prose() -> list[str]:
    text = " ".join(path.read_text(errors="ignore") for path in sorted(_PROSE.glob("*GPL-3")) if path.is_file())
    return [word for word in text.split() if word.isalpha() and word.isascii()]
