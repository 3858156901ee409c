"""Looks at a finished film again, at samples of it: is it what was planned, and does the mouth go with the voice?

What it finds wrong is told and fails nothing.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from heygem.domain import landmarks
from heygem.domain.inspection import QualityProblem, QualityReport
from heygem.domain.job import SEGMENT_FRAMES
from heygem.domain.progress import CancelToken
from heygem.engines.alignment import Image, Points
from heygem.engines.face_region import bounding_box
from heygem.engines.mel import RATE_HZ, stream_mel
from heygem.engines.voice_gate import level, voice_gate
from heygem.media.audio import read_waveform
from heygem.media.decode import FrameReader
from heygem.media.probe import probe_audio, probe_video
from heygem.pipeline.face_track import BoolArray, FloatArray
from heygem.pipeline.references import measure_opening
from heygem.pipeline.track import MIN_PRESENCE, Landmarker

MOST_FRAMES: Final = 200  # whose landmarks are found
_SHARE: Final = 0.035  # of the output's frames: a look costs a third of what making a frame does
_FEWEST_FRAMES: Final = 16
_DECODED_SHARE: Final = 0.18
_FEWEST_DECODED, _MOST_DECODED = 250, 1000
_DEEPEST: Final = 0.25  # of the output, that is decoded to come to a silence
_CLEAR_S: Final = 0.1  # from a border between speech and silence
_ENOUGH: Final = 8  # frames to tell a movement by

_BLACK: Final = 20  # of 255: no pixel of a black frame is brighter, but for a few
_SAME: Final = 0.02  # of 255: mean difference of two pictures that are one
_STILL_MOTION: Final = 0.01
_RESTLESS_SHARE: Final = 0.7
_RESTLESS_MOTION: Final = 0.03
_FROZEN_SHARE: Final = 0.5


@dataclass(frozen=True)
class Expected:
    """What the film was to be: (T,) `sources`, the source frame of each of its frames; of these (S, 131, 2) `points` of
    the face and (S,) `weights`, how much of its mouth has been repainted. A key frame begins each segment.
    """

    frame_rate: Fraction
    sources: NDArray[np.int_]
    points: FloatArray
    weights: FloatArray
    segment_frames: int = SEGMENT_FRAMES

    def __len__(self) -> int:
        return len(self.sources)


@dataclass
class _Sums:
    """What has been seen so far."""

    looked_at: int = 0
    black: int = 0
    frozen: int = 0
    speaking: list[float] = field(default_factory=list)
    silent: list[float] = field(default_factory=list)


def check_quality(film: Path, expected: Expected, landmarker: Landmarker, cancel: CancelToken) -> QualityReport:
    """Of each look the frame before is seen too, for what moves.

    Raises MediaError where the film cannot be read, CancelledError.
    """
    facts, sound = probe_video(film), probe_audio(film)
    gate = voice_gate(np.concatenate([level(rows) for rows in stream_mel(cancel.guard(read_waveform(sound)))]))
    speaks, is_silent = _clear_parts(gate, expected)
    reader, sums = FrameReader(facts, is_exact=False), _Sums()
    for looks in choose_looks(speaks, is_silent, expected.segment_frames):
        numbers = sorted({*looks, *(look - 1 for look in looks)})
        before: Image | None = None
        for frame, image in zip(numbers, cancel.guard(reader.pick(numbers)), strict=True):
            if frame in looks:
                points = expected.points[expected.sources[frame]]
                sums.black += bool(np.percentile(image[::8, ::8], 99) < _BLACK)
                if before is not None and speaks[frame]:
                    sums.frozen += _is_same_mouth(image, before, points)
                found, presence = landmarker.find(image, points)
                if presence >= MIN_PRESENCE:
                    (sums.speaking if speaks[frame] else sums.silent).append(measure_opening(found))
                sums.looked_at += 1
            before = image
    is_short = abs(sound.duration_s - facts.duration_s) > 1 / expected.frame_rate
    return _report(expected, facts.frame_count, is_short, sums)


def choose_looks(speaks: BoolArray, is_silent: BoolArray, segment_frames: int) -> list[set[int]]:
    """The frames to look at, in groups that are each decoded from one key frame; half of them silent if there are such.

    They are spread evenly over the beginnings of segments, the less of each the longer the film (see _choose_windows).
    """
    windows = _choose_windows(is_silent, segment_frames)
    decoded = np.concatenate([np.arange(window.start + 1, window.stop) for window in windows])  # with one before
    count = _count_looks(len(speaks))
    silent = _spread(decoded[is_silent[decoded]], count // 2)
    looks = {*silent, *_spread(decoded[speaks[decoded]], count - len(silent))}
    return [{look for look in looks if look in window} for window in windows]


def _choose_windows(is_silent: BoolArray, segment_frames: int) -> list[range]:
    """The stretches to decode, each from the key frame of a segment.

    One of them is longer where that is what it takes to see a silent mouth.
    """
    frame_count = len(is_silent)
    starts = range(0, frame_count, segment_frames)
    count = min(len(starts), max(1, _count_looks(frame_count) // _ENOUGH))
    decoded = min(_MOST_DECODED, max(_FEWEST_DECODED, round(_DECODED_SHARE * frame_count)))
    length = min(segment_frames, -(-decoded // count))
    stops = {
        starts[round(place)]: min(starts[round(place)] + length, frame_count)
        for place in np.linspace(0, len(starts) - 1, count)
    }
    if sum(is_silent[start:stop].sum() for start, stop in stops.items()) < _ENOUGH:
        silences = {start: np.flatnonzero(is_silent[start : start + segment_frames]) for start in starts}
        depths = {start: int(at[_ENOUGH - 1]) + 1 for start, at in silences.items() if len(at) >= _ENOUGH}
        nearest = min(depths, key=lambda start: depths[start], default=0)
        if depths and depths[nearest] <= _DEEPEST * frame_count:
            stops[nearest] = nearest + depths[nearest]
    return [range(start, stop) for start, stop in sorted(stops.items())]


def _count_looks(frame_count: int) -> int:
    return min(MOST_FRAMES, max(_FEWEST_FRAMES, round(_SHARE * frame_count)))


def _spread(frames: NDArray[np.int_], count: int) -> list[int]:
    """At most `count` of them, evenly."""
    if len(frames) <= count:
        return [int(frame) for frame in frames]
    return [int(frames[round(place)]) for place in np.linspace(0, len(frames) - 1, count)]


def _is_same_mouth(image: Image, before: Image, points: Points) -> bool:
    box = bounding_box(points[landmarks.LIPS])
    rows = slice(max(0, int(box.top)), max(0, int(box.bottom) + 1))
    columns = slice(max(0, int(box.left)), max(0, int(box.right) + 1))
    if not image[rows, columns].size:
        return False
    return float(cv2.absdiff(image[rows, columns], before[rows, columns]).mean()) < _SAME


def _clear_parts(gate: FloatArray, expected: Expected) -> tuple[BoolArray, BoolArray]:
    """(T,) where the voice speaks, and (T,) where it is silent; neither near a border, nor where no mouth was painted.

    `gate` is the voice's, as voice_gate has it.
    """
    reach = 2 * round(_CLEAR_S * RATE_HZ) + 1
    times = np.arange(len(expected)) / float(expected.frame_rate)
    rows = np.minimum(np.round(times * RATE_HZ).astype(int), len(gate) - 1)
    is_painted = expected.weights[expected.sources] >= 1
    speaks, is_silent = minimum_filter1d(gate, reach) >= 1, maximum_filter1d(gate, reach) <= 0
    return speaks[rows] & is_painted, is_silent[rows] & is_painted


def _report(expected: Expected, frame_count: int, is_short: bool, sums: _Sums) -> QualityReport:
    face_share = float(np.mean(expected.weights[expected.sources] > 0))
    speech, silence = (
        float(np.std(openings)) if len(openings) >= _ENOUGH else None for openings in (sums.speaking, sums.silent)
    )
    found = {
        QualityProblem.WRONG_LENGTH: is_short or frame_count != len(expected),
        QualityProblem.LITTLE_FACE: face_share < 0.5,
        QualityProblem.STILL_MOUTH: speech is not None and speech < _STILL_MOTION,
        QualityProblem.RESTLESS_MOUTH: speech is not None
        and silence is not None
        and silence > max(_RESTLESS_MOTION, _RESTLESS_SHARE * speech),
        QualityProblem.BLACK_FRAMES: sums.black > 0,
        QualityProblem.FROZEN_MOUTH: sums.frozen > _FROZEN_SHARE * max(len(sums.speaking), _ENOUGH),
    }
    return QualityReport(
        frame_count=frame_count,
        duration_s=float(frame_count / expected.frame_rate),
        face_share=face_share,
        speech_motion=speech,
        silence_motion=silence,
        black_frames=sums.black,
        frozen_frames=sums.frozen,
        looked_at=sums.looked_at,
        problems=tuple(problem for problem, is_there in found.items() if is_there),
    )
