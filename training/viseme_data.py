"""What the lip motion network learns visemes from: synthetic speech, and GRID clips, whose words are known."""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from training.dataset import CLIPS
from training.motion_data import Talk, index
from training.speech.phone_times import align, read_sentence
from training.speech.synthetic import PATH
from training.speech.visemes import label_rows
from training.voices import read_voice

_HELD_OUT: Final = 60  # sentences, to see how learning goes
_SHORTEST: Final = 40  # rows


def read_synthetic() -> tuple[list[Talk], list[Talk]]:
    """Sentences to learn from and some that are held out; their `motion` (T, 1) holds rows of VISEMES."""
    with np.load(PATH) as file:
        mel, visemes, start, voice = (file[name] for name in ("mel", "visemes", "start", "voice"))
    talks = []
    for i, (first, last) in enumerate(itertools.pairwise(start)):
        if last - first >= _SHORTEST:
            rows, name = visemes[first:last], str(voice[i])
            named = rows[:, None].astype(np.float32)
            sound = mel[2 * first : 2 * last].astype(np.float32)
            talks.append(Talk(f"{name}/{i}", name, "synthetic", sound, named, rows >= 0, 0.0))
    order = np.random.default_rng(5).permutation(len(talks))
    return [talks[i] for i in order[_HELD_OUT:]], [talks[i] for i in order[:_HELD_OUT]]


def name_visemes(talks: Sequence[Talk]) -> list[Talk]:
    """The clips whose words are known, with rows of VISEMES for their motion."""
    named = []
    for talk in talks:
        words = read_sentence(index()[talk.source]["path"])
        if words is not None and (phones := align(words, read_voice(CLIPS / talk.source))):
            rows = label_rows(phones, len(talk.motion), "ascii")
            named.append(replace(talk, motion=rows[:, None].astype(np.float32), valid=rows >= 0))
    return named
