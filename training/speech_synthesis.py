"""Lets Debian's speech synthesisers speak, and tells when each phone sounds: espeak-ng, festival and flite.

Source of times: espeak-ng's phoneme events, festival's Segment relation, flite's -psdur.
"""

import ctypes
import subprocess
import tempfile
import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import gcd
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from heygem.engines.engine import SAMPLE_RATE
from training.visemes import Notation, Phone

# Festival's voices, the language each reads and the encoding it wants; all are in Debian's main section.
FESTIVAL_VOICES: Final = {
    "kal_diphone": ("en", "latin-1"),
    "ked_diphone": ("en", "latin-1"),
    "cmu_us_slt_arctic_hts": ("en", "latin-1"),
    "lp_diphone": ("it", "latin-1"),
    "pc_diphone": ("it", "latin-1"),
    "suo_fi_lj_diphone": ("fi", "latin-1"),
    "hy_fi_mv_diphone": ("fi", "latin-1"),
    "czech_dita": ("cs", "iso8859-2"),
    "czech_krb": ("cs", "iso8859-2"),
    "czech_machac": ("cs", "iso8859-2"),
    "czech_ph": ("cs", "iso8859-2"),
    "msu_ru_nsh_clunits": ("ru", "utf-8"),
    "upc_ca_ona_hts": ("ca", "latin-1"),
    "hindi_NSK_diphone": ("hi", "utf-8"),
    "marathi_NSK_diphone": ("mr", "utf-8"),
    "telugu_NSK_diphone": ("te", "utf-8"),
}
FLITE_VOICES: Final = ("rms", "slt", "awb", "kal16")
ESPEAK_LANGUAGES: Final = (
    *("cmn", "cmn", "cmn", "en-us", "en-gb-x-rp", "en-us", "ar", "ar", "de", "fr", "es", "it", "ru", "ro", "pt", "tr"),
    *("hi", "id", "pl", "nl", "sw", "vi"),
)
ESPEAK_VARIANTS: Final = ("m1", "m2", "m3", "m4", "m6", "m7", "f1", "f2", "f3", "f4", "f5", "klatt", "klatt3", "klatt4")


@dataclass(frozen=True)
class Spoken:
    """A sentence: (N,) mono samples in -1..1 at 16 kHz, and its phones one after another."""

    samples: NDArray[np.float32]
    phones: tuple[Phone, ...]
    notation: Notation


def speak_festival(voice: str, texts: Sequence[str]) -> Iterator[Spoken]:
    """`texts` by one of FESTIVAL_VOICES; a text that it cannot read is left out."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [
            "(define (say text name) (let ((u (utt.synth (eval (list 'Utterance 'Text text)))))",
            ' (utt.save.wave u (string-append name ".wav")) (utt.save.segs u (string-append name ".lab"))))',
            f"(voice_{voice})",
            *(f'(unwind-protect (say "{text}" "{folder / str(i)}") nil)' for i, text in enumerate(texts)),
        ]
        script = folder / "say.scm"
        script.write_bytes("\n".join(lines).encode(FESTIVAL_VOICES[voice][1], errors="ignore"))
        subprocess.run(["festival", "--batch", str(script)], check=False, capture_output=True, timeout=600)
        for i in range(len(texts)):
            labels, sound = folder / f"{i}.lab", folder / f"{i}.wav"
            if labels.is_file() and sound.is_file():
                ends = [line.split() for line in labels.read_text("latin-1").splitlines() if len(line.split()) == 3]
                yield Spoken(_read_wave(sound), _from_ends((row[2], float(row[0])) for row in ends), "ascii")


def speak_flite(voice: str, text: str, stretch: float) -> Spoken:
    """`text` by one of FLITE_VOICES, `stretch` times as slowly as it usually speaks."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch}", "-t", text]
        done = subprocess.run([*command, "-o", file.name, "-psdur"], check=True, capture_output=True, text=True)
        pairs = (item.rsplit(":", 1) for item in done.stdout.split())
        return Spoken(_read_wave(Path(file.name)), _from_ends((name, float(end)) for name, end in pairs), "ascii")


def _from_ends(ends: Any) -> tuple[Phone, ...]:
    phones, start = [], 0.0
    for name, end in ends:
        phones.append(Phone(name, start, end))
        start = end
    return tuple(phones)


def _read_wave(path: Path) -> NDArray[np.float32]:
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32768
    return _resample(samples, rate)


def _resample(samples: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    common = gcd(rate, SAMPLE_RATE)
    return np.asarray(resample_poly(samples, SAMPLE_RATE // common, rate // common), np.float32)


class _Event(ctypes.Structure):
    """espeak_EVENT of speak_lib.h, whose id is a union of a number, a pointer and eight characters."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("unique", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # ms
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),
    )


_ENDED, _PHONEME = 0, 7
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


class Espeak:
    """One espeak-ng in this process; it has but one voice at a time."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libespeak-ng.so.1")
        self._rate = int(self._library.espeak_Initialize(2, 0, None, 3))  # synchronous; phoneme events in IPA
        self._pieces: list[NDArray[np.int16]] = []
        self._starts: list[tuple[str, float]] = []
        self._callback = _Callback(self._take)  # kept, or it would be freed
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: str, words_per_min: int, pitch: int) -> Spoken:
        """`text` by a voice and its variant, as "en-us+f2"; `pitch` in 0..100."""
        self._pieces, self._starts = [], []
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise ValueError(f"espeak-ng has no voice {voice}")
        for parameter, value in ((1, words_per_min), (3, pitch)):
            self._library.espeak_SetParameter(parameter, value, 0)
        data = text.encode()
        self._library.espeak_Synth(data, ctypes.c_size_t(len(data) + 1), 0, 0, 0, 1, None, None)
        samples = np.concatenate([*self._pieces, np.zeros(0, np.int16)]).astype(np.float32) / 32768
        marks = [*self._starts, ("_", len(samples) / self._rate)]
        phones = tuple(Phone(name, start, end) for (name, start), (_, end) in pairwise(marks) if end > start)
        return Spoken(_resample(samples, self._rate), phones, "ipa")

    def _take(self, wave: Any, count: int, events: Any) -> int:
        if wave and count > 0:
            self._pieces.append(np.ctypeslib.as_array(wave, (count,)).copy())
        i = 0
        while events[i].type != _ENDED:
            if events[i].type == _PHONEME:
                name = bytes(events[i].name).decode("utf-8", errors="ignore") or "_"
                self._starts.append((name, events[i].audio_position / 1000))
            i += 1
        return 0


@cache
def open_espeak() -> Espeak:
    return Espeak()
