"""One face through a video: where it is in every frame, how steady, and how much of it may be repainted."""

import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heygem.domain import landmarks
from heygem.domain.media import TimeRange

FloatArray: TypeAlias = NDArray[np.float32]
BoolArray: TypeAlias = NDArray[np.bool_]

FADE_FRAMES: Final = 4
LONGEST_BRIDGE: Final = 2  # frames without a face that are bridged rather than left unchanged
MAX_TURN: Final = 0.8  # as measure_turn has it: about 40 degrees
_NOSE_TIP: Final = landmarks.NOSE.start + 12


@dataclass(frozen=True)
class FaceTrack:
    """`points` is (T, 131, 2) in frame pixels, NaN where the face was not found; `shots` the first frame of each shot.

    `face_count` is the most faces seen at once.
    """

    points: FloatArray
    shots: tuple[int, ...]
    face_count: int

    def __len__(self) -> int:
        return len(self.points)

    @property
    def found(self) -> BoolArray:
        return np.isfinite(self.points[:, 0, 0])

    def only(self, flags: BoolArray) -> "FaceTrack":
        """The track with the frames lost that `flags`, (T,), does not name."""
        return FaceTrack(np.where(flags[:, None, None], self.points, np.nan), self.shots, self.face_count)

    def shot_ranges(self) -> list[range]:
        ends = (*self.shots[1:], len(self))
        return [range(start, end) for start, end in zip(self.shots, ends, strict=True)]


def bridge_gaps(track: FaceTrack) -> FaceTrack:
    """The track with gaps of up to LONGEST_BRIDGE frames within a shot filled by straight lines."""
    points = track.points.copy()
    for shot in track.shot_ranges():
        found = np.flatnonzero(track.found[shot.start : shot.stop]) + shot.start
        for before, after in itertools.pairwise(found):
            if 1 < after - before <= LONGEST_BRIDGE + 1:
                for frame in range(before + 1, after):
                    share = (frame - before) / (after - before)
                    points[frame] = (1 - share) * points[before] + share * points[after]
    return FaceTrack(points, track.shots, track.face_count)


def measure_turn(points: FloatArray) -> float:
    """How much nearer the nose tip is to one side of the face than to the other, along the line of the eyes.

    0 for a frontal face, 1 in profile; 0.2, 0.5 and 0.8 are about 10, 20 and 40 degrees of yaw.
    """
    left, right = points[list(landmarks.EYE_OUTER_CORNERS)]
    along = (points - left) @ (right - left)
    oval, nose = along[landmarks.OVAL], float(along[_NOSE_TIP])
    low, high = float(oval.min()), float(oval.max())
    return abs((high - nose) - (nose - low)) / max(high - low, 1e-6)


def fade_weights(track: FaceTrack) -> FloatArray:
    """(T,) in 0..1: how much of the repainted mouth each frame shows.

    Zero where there is no face or it is turned away further than MAX_TURN; ramps over FADE_FRAMES beside such gaps,
    none at the start and end of a shot.
    """
    usable = track.found
    for frame in np.flatnonzero(usable):
        usable[frame] = measure_turn(track.points[frame]) <= MAX_TURN
    weights = np.zeros(len(track), np.float32)
    for shot in track.shot_ranges():
        for run in _runs(usable[shot.start : shot.stop]):
            length = len(run)
            ramp_in = np.arange(1, length + 1) / (FADE_FRAMES + 1) if run.start > 0 else np.ones(length)
            ramp_out = np.arange(length, 0, -1) / (FADE_FRAMES + 1) if run.stop < len(shot) else np.ones(length)
            weights[shot.start + run.start : shot.start + run.stop] = np.minimum(np.minimum(ramp_in, ramp_out), 1)
    return weights


def list_unchanged(weights: FloatArray, frame_rate: Fraction) -> tuple[TimeRange, ...]:
    """The stretches of an output whose frames have weight 0."""
    runs = _runs(weights <= 0)
    return tuple(TimeRange(float(run.start / frame_rate), float(run.stop / frame_rate)) for run in runs)


def _runs(flags: BoolArray) -> list[range]:
    """The stretches of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [range(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
