"""Takes the tremble out of a face track without lag: the past and the future of each frame are both at hand."""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from heygem.domain import landmarks
from heygem.pipeline.face_track import FaceTrack, FloatArray

DoubleArray: TypeAlias = NDArray[np.float64]

# A cubic through five frames (Savitzky and Golay, Analytical Chemistry, 1964): follows quick movement.
_QUICK: Final = np.array([-3, 12, 17, 12, -3], np.float64) / 35
# A Gaussian of 2.5 frames: for a head that is held still.
_STILL: Final = np.exp(-0.5 * (np.arange(-6, 7) / 2.5) ** 2)
_STILL_SPEED: Final = 0.004  # face units a frame
_MOVING_SPEED: Final = 0.02
_NEAR: Final = 3  # frames: a head that moves so shortly before or after does not rest, but turns back
_BLOCK: Final = 1000  # frames
_MARGIN: Final = 10  # frames: the longer kernel's half, a step for the speed, and _NEAR


def smooth_track(track: FaceTrack) -> FaceTrack:
    """The track with each shot's unbroken stretches smoothed, the more so the stiller the head is.

    The lips are only smoothed over five frames, whatever the head does, so that their own movement stays exact.
    """
    points = track.points.copy()
    for shot in track.shot_ranges():
        found = track.found[shot.start : shot.stop]
        edges = np.flatnonzero(np.diff(np.concatenate([[False], found, [False]]).astype(np.int8))) + shot.start
        for start, stop in edges.reshape(-1, 2):
            _smooth_stretch(track.points[start:stop], points[start:stop])
    return FaceTrack(points, track.shots, track.face_count)


def _smooth_stretch(points: FloatArray, into: FloatArray) -> None:
    """Block by block, so that an hour of video takes no more memory than a minute."""
    for start in range(0, len(points), _BLOCK):
        first, last = max(0, start - _MARGIN), min(len(points), start + _BLOCK + _MARGIN)
        block = _smooth_block(points[first:last])
        into[start : start + _BLOCK] = block[start - first : start - first + _BLOCK]


def _smooth_block(points: FloatArray) -> FloatArray:
    quick, still = _filter(points, _QUICK), _filter(points, _STILL / _STILL.sum())
    corners = still[:, list(landmarks.EYE_OUTER_CORNERS)]
    unit = np.linalg.norm(corners[:, 1] - corners[:, 0], axis=-1)
    anchor = still[:, list(landmarks.STABLE)].mean(axis=1)
    speed = np.linalg.norm(np.gradient(anchor, axis=0), axis=-1) / unit if len(points) > 1 else np.zeros(1)
    moving = np.clip((_fastest_near(speed) - _STILL_SPEED) / (_MOVING_SPEED - _STILL_SPEED), 0, 1)[:, None, None]
    head = moving * quick + (1 - moving) * still
    # The lips ride on the head: the head's correction, and their own movement about it.
    ride = (head - quick)[:, list(landmarks.STABLE)].mean(axis=1, keepdims=True)
    head[:, landmarks.LIPS] = (quick + ride)[:, landmarks.LIPS]
    head[:, landmarks.JAW] = (quick + ride)[:, landmarks.JAW]
    return np.asarray(head, np.float32)


def _fastest_near(speed: DoubleArray) -> DoubleArray:
    """(T,): at each frame the highest of `speed` (T,) within _NEAR frames."""
    padded = np.pad(speed, _NEAR, mode="edge")
    fastest: DoubleArray = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEAR + 1).max(axis=1)
    return fastest


def _filter(points: FloatArray, kernel: DoubleArray) -> DoubleArray:
    """Convolution over time, the ends continued by point reflection, which keeps a steady movement steady."""
    half = len(kernel) // 2
    if len(points) == 1:
        return points.astype(np.float64)
    reach = min(half, len(points) - 1)
    head = 2 * points[:1] - points[reach:0:-1]
    tail = 2 * points[-1:] - points[-2 : -2 - reach : -1]
    padded = np.concatenate([head, points, tail]).astype(np.float64)
    padded = np.pad(padded, ((half - reach, half - reach), (0, 0), (0, 0)), mode="edge")
    filtered = np.zeros(points.shape)
    for k, weight in enumerate(kernel):
        filtered += weight * padded[k : k + len(points)]
    return filtered
