"""What the lip motion network learns phones from: speech of synthesisers, whose phones have known times.

`python -m training.speech.synthetic` writes data/synthetic_speech.npz once: `mel` (R, 80) float16 log-mel rows, 100 a
second, of all sentences one after another, `visemes` (R / 2,) rows of VISEMES, 50 a second, UNKNOWN where not known,
and `start` (N + 1,) the first of the latter of each sentence. `voice` (N,) names who speaks.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.engines.mel import stream_mel
from training.dataset import DATA
from training.speech import festival, flite
from training.speech.espeak import open_espeak
from training.speech.festival import speak_festival
from training.speech.flite import speak_flite
from training.speech.spoken import Spoken
from training.speech.texts import make_text
from training.speech.visemes import UNKNOWN, label_rows

PATH: Final = DATA / "synthetic_speech.npz"
_PER_FESTIVAL_VOICE: Final = 70  # sentences of some 3.5 s
_PER_FLITE_VOICE: Final = 70
_BY_ESPEAK: Final = 700
_LANGUAGES: Final = (  # of espeak-ng, those that are spoken or filmed most several times
    *("cmn", "cmn", "cmn", "en-us", "en-gb-x-rp", "en-us", "ar", "ar", "de", "fr", "es", "it", "ru", "ro", "pt", "tr"),
    *("hi", "id", "pl", "nl", "sw", "vi"),
)
_VARIANTS: Final = ("m1", "m2", "m3", "m4", "m6", "m7", "f1", "f2", "f3", "f4", "f5", "klatt", "klatt3", "klatt4")


def speak_all(seed: int) -> Iterator[tuple[str, Spoken]]:
    """All sentences with the names of their voices, the same ones for the same seed."""
    random = np.random.default_rng(seed)
    orders = []
    for voice, (language, _) in festival.VOICES.items():
        orders.append((voice, [make_text(language, random) for _ in range(_PER_FESTIVAL_VOICE)]))
    with ThreadPoolExecutor(2) as pool:
        said = pool.map(lambda order: (order[0], list(speak_festival(*order))), orders)
        for voice, sentences in said:
            yield from ((voice, sentence) for sentence in sentences)
    for voice in flite.VOICES:
        for _ in range(_PER_FLITE_VOICE):
            yield voice, speak_flite(voice, make_text("en", random), float(random.uniform(0.85, 1.2)))
    for _ in range(_BY_ESPEAK):
        language, variant = str(random.choice(_LANGUAGES)), str(random.choice(_VARIANTS))
        pace, pitch = int(random.integers(120, 220)), int(random.integers(25, 75))
        yield language, open_espeak().speak(make_text(language, random), f"{language}+{variant}", pace, pitch)


def read_rows(spoken: Spoken) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(2 T, 80) log-mel rows and (T,) visemes."""
    peak = max(float(np.abs(spoken.samples).max(initial=0)), 1e-4)
    mel = np.concatenate(list(stream_mel([spoken.samples * np.float32(0.5 / peak)])))
    count = len(mel) // 2
    return mel[: 2 * count], label_rows(spoken.phones, count, spoken.notation)


def main() -> None:
    mels, visemes, voices = [], [], []
    for voice, spoken in speak_all(0):
        if len(spoken.samples) and spoken.phones:
            mel, shapes = read_rows(spoken)
            mels.append(mel.astype(np.float16))
            visemes.append(shapes)
            voices.append(voice)
    start = np.cumsum([0, *map(len, visemes)])
    rows = np.concatenate(visemes)
    np.savez(PATH, mel=np.concatenate(mels), visemes=rows, start=start, voice=np.array(voices))
    print(f"{len(voices)} sentences, {len(rows) / 50 / 60:.1f} minutes, {(rows == UNKNOWN).mean():.2%} unknown")
    for name in dict.fromkeys(voices):
        print(name, voices.count(name))


if __name__ == "__main__":
    main()
