"""Puts together what the lip motion network learns from: log-mel rows and, 50 a second, the speaker's lip motion."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from heygem.engines.mean_spectrum import mean_spectrum
from heygem.engines.nets.lip_motion import RATE_HZ
from heygem.engines.speech_motion import MotionBasis, Speaker, closed_mouth, opening, read_motion, split, vividness
from training.dataset import CLIPS
from training.motion_basis import list_faces
from training.voices import read_mel

Array = NDArray[np.float32]

_RATE: Final = round(RATE_HZ)
_IN_STEP: Final = ("grid_multi", "grid_s1", "lrw_ar")
_OWN_FRAMES: Final = 60  # a clip of as many frames tells as much of its speaker's rest as the speaker's other clips


@dataclass(frozen=True)
class Talk:
    """One clip: `mel` (2 T, 80) and `motion` (T, K), relative to the speaker; `valid` (T,) where the face was seen."""

    source: str
    speaker: str
    group: str
    mel: Array
    motion: Array
    valid: NDArray[np.bool_]
    lag: float | None  # seconds by which the index has the mouth before (-) or after (+) the voice; None: not judged

    def in_step(self) -> "Talk":
        """With the mouth brought into step with the voice, where the index says by how much it is not.

        In corpora that are in step throughout, what it says of single clips is chance.
        """
        return self if self.lag is None or self.group in _IN_STEP else self.shifted(self.lag)

    def shifted(self, seconds: float) -> "Talk":
        """With the motion moved to be `seconds` earlier."""
        rows = round(seconds * _RATE)
        at = np.arange(len(self.motion)) + rows
        inside = (at >= 0) & (at < len(at))
        at = at.clip(0, len(at) - 1)
        return replace(self, motion=self.motion[at], valid=self.valid[at] & inside)


@cache
def index() -> dict[str, dict[str, str]]:
    """The lines of INDEX.tsv by file."""
    with (CLIPS / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file, delimiter="\t")}


def read_talks(basis: MotionBasis, split_name: str) -> list[Talk]:
    """All clips of a split in which a face is well seen and a voice is heard."""
    clips = [(source, fps, points) for source, fps, points in list_faces(split_name)]
    speakers: dict[str, list[Array]] = defaultdict(list)
    for source, _, points in clips:
        speakers[index()[source]["speaker"]].append(points[np.isfinite(points[:, 0, 0])])
    known = {name: _know(basis, parts) for name, parts in speakers.items()}
    talks = []
    for source, fps, points in clips:
        name = index()[source]["speaker"]
        talk = _read_talk(basis, source, name, fps, points, known[name])
        if talk is not None:
            talks.append(talk)
    return talks


def _know(basis: MotionBasis, parts: Iterable[Array]) -> Speaker:
    points = np.concatenate(list(parts))
    moved, stable = split(points)
    nobody = Speaker(moved.mean(axis=0), stable.mean(axis=0), np.zeros(len(basis.opening), np.float32), 1.0)
    gaps = opening(points)
    return replace(
        nobody, rest=closed_mouth(basis, read_motion(basis, points, nobody), gaps), scale=vividness(basis, gaps)
    )


def _read_talk(basis: MotionBasis, source: str, name: str, fps: float, points: Array, speaker: Speaker) -> Talk | None:
    mel = read_mel(CLIPS / source)
    length = min(len(mel) // 2, int((len(points) - 1) / fps * _RATE) + 1)
    if length < 20:
        return None
    found = np.isfinite(points[:, 0, 0])
    motion = read_motion(basis, points[found], speaker)
    own = closed_mouth(basis, motion, opening(points[found]))
    rest = speaker.rest + (own - speaker.rest) * len(motion) / (len(motion) + _OWN_FRAMES)
    relative = (motion - rest) / speaker.scale
    seen, wanted = np.flatnonzero(found) / fps, np.arange(length) / _RATE
    resampled = np.stack([np.interp(wanted, seen, column) for column in relative.T], axis=1).astype(np.float32)
    nearest = np.abs(wanted[:, None] - seen[None]).min(axis=1)
    judged = re.search(r"lag=([+-]?\d+)", index()[source]["sync_judge"])
    lag = int(judged[1]) / 25 if judged else None
    return Talk(source, name, source.split("/")[1], mel[: 2 * length], resampled, nearest < 0.05, lag)


class Mixer:
    """Draws training batches, changed in the mel domain; the same seed draws the same batches.

    What goes with the sound is its motion or, where `is_named`, the row of a name, which is not read between rows.
    """

    def __init__(self, talks: Sequence[Talk], rows: int, seed: int, is_named: bool = False) -> None:
        self._talks = talks
        self._rows = rows
        self._read = _take_nearest if is_named else _take
        self._random = np.random.default_rng(seed)
        amount: dict[str, float] = defaultdict(float)
        for talk in talks:
            amount[talk.speaker] += len(talk.motion)
        weight = np.array([len(talk.motion) / amount[talk.speaker] ** 0.5 for talk in talks])
        self._chance = weight / weight.sum()

    def draw(self, size: int) -> dict[str, Array]:
        """sound (B, 2 T, 80), log-mel rows less their mean spectrum; motion (B, T, K); weight (B, T)."""
        talks = [self._talks[i] for i in self._random.choice(len(self._talks), size, p=self._chance)]
        parts = [self._change(*self._window(talk)) for talk in talks]
        names = ("sound", "motion", "weight")
        return {name: np.stack(column) for name, column in zip(names, zip(*parts, strict=True), strict=True)}

    def _window(self, talk: Talk) -> tuple[Array, Array, Array]:
        """A stretch of a clip, played faster or slower; what lies outside of the clip weighs nothing."""
        random = self._random
        tempo = np.exp(random.uniform(-0.14, 0.14))
        length = len(talk.motion)
        span = self._rows * tempo
        start = random.uniform(min(0, length - span) - 4, max(0, length - span) + 4)
        at = start + np.arange(self._rows) * tempo
        at_mel = 2 * start + np.arange(2 * self._rows) * tempo
        mel = _take(talk.mel, at_mel)
        outside = (at_mel < 0) | (at_mel > 2 * length - 1)
        mel[outside] = self._background()
        weight = ((at >= 0) & (at <= length - 1)).astype(np.float32)
        weight *= talk.valid[np.clip(np.round(at).astype(int), 0, length - 1)]
        return mel, self._read(talk.motion, at), weight

    def _change(self, mel: Array, motion: Array, weight: Array) -> tuple[Array, Array, Array]:
        random = self._random
        if random.random() < 0.35:
            self._silence(mel, motion, weight)
        warp = 1 + random.uniform(-0.1, 0.1)  # a longer or shorter vocal tract
        bands = np.clip(np.arange(80) * warp + random.uniform(-1, 1), 0, 79)
        mel = np.asarray(_take(mel.T, bands).T)
        mel = mel + random.normal(0, 2.5) + _smooth_noise(random, 80, 5) * 0.8
        if random.random() < 0.3:
            mel = _reverberate(mel, random.uniform(0.5, 0.85))
        if random.random() < 0.6:
            mel = np.logaddexp(mel, self._background(mel.max() - random.uniform(2, 9)))
        for _ in range(2):
            if random.random() < 0.5:
                low, wide = random.integers(0, 72), random.integers(2, 9)
                mel[:, low : low + wide] = mel.mean()
        if random.random() < 0.3:
            low, wide = random.integers(0, len(mel) - 12), random.integers(2, 12)
            mel[low : low + wide] = mel.mean()
        mel = np.maximum(mel, np.log(1e-6)).astype(np.float32)
        return mel - mean_spectrum([mel]), motion, weight

    def _silence(self, mel: Array, motion: Array, weight: Array) -> None:
        """Put a pause somewhere: the mouth closes and rests."""
        rows = len(motion)
        first = int(self._random.integers(-20, rows - 20))
        last = first + int(self._random.integers(25, 90)) if self._random.random() < 0.9 else rows
        first, last = (max(0, first), min(rows, last)) if last < rows or self._random.random() < 0.9 else (0, rows)
        mel[2 * first : 2 * last] = self._background()
        border = slice(max(0, first - 6), last + 6)
        inside = slice(first + 7 if first else 0, last - 7 if last < rows else rows)
        weight[border] = 0
        motion[inside] = 0
        weight[inside] = 1

    def _background(self, peak: float | None = None) -> Any:
        """(80,) log powers of a steady noise, from digital silence to a hum; a row that is spread over time."""
        level = np.log(1e-6) + self._random.exponential(2.0) if peak is None else peak
        return np.maximum(level + _smooth_noise(self._random, 80, 8) * 1.5, np.log(1e-6))


def _take(rows: Array, at: Array) -> Array:
    """`rows` (T, C) read between rows."""
    at = np.clip(at, 0, len(rows) - 1)
    low = np.minimum(at.astype(int), len(rows) - 2)
    part = (at - low)[:, None].astype(np.float32)
    return np.asarray(rows[low] * (1 - part) + rows[low + 1] * part, dtype=np.float32)


def _take_nearest(rows: Array, at: Array) -> Array:
    """`rows` (T, C) read at the rows nearest to `at`."""
    return np.asarray(rows[np.clip(np.round(at).astype(int), 0, len(rows) - 1)], dtype=np.float32)


def _smooth_noise(random: np.random.Generator, count: int, knots: int) -> Array:
    return np.interp(np.linspace(0, 1, count), np.linspace(0, 1, knots), random.normal(0, 1, knots)).astype(np.float32)


def _reverberate(mel: Array, keep: float) -> Array:
    """Powers that fade, a share `keep` from one row to the next."""
    power, tail = np.exp(mel), np.zeros(mel.shape[1])
    for row in power:
        tail = keep * tail + row * (1 - keep)
        row += 0.5 * tail
    return np.asarray(np.log(power))
