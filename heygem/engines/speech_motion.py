"""Speech motion of lips and jaw: what of a face's key points speech moves, apart from head pose and from the person.

Works in the face-normalised frame. Knows nothing of voices and of pictures.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from heygem.domain import landmarks
from heygem.engines.alignment import Points, frame_to_face, mean_face, transform

MOVED: Final = (*range(*landmarks.LIPS.indices(landmarks.COUNT)), *range(*landmarks.JAW.indices(landmarks.COUNT)))
_STABLE: Final = list(landmarks.STABLE)
_RESIDUE: Final = 0.3  # how much of what no speech motion explains is kept of the frame's own lips

Array = NDArray[np.float32]


@dataclass(frozen=True)
class MotionBasis:
    """Learned from many speakers: K motions of the M = 57 moved points, in face units.

    motions   (K, 2 M)  what one unit of each coefficient adds to the moved points
    reading   (2 M, K)  reads coefficients from moved points
    pose      (34, 2 M) how the moved points follow the stable ones when the head turns
    opening   (K,)      the coefficients' change when the mouth opens by one face unit
    closed    the gap of closed inner lips, open_range its usual growth up to a widely open mouth
    """

    motions: Array
    reading: Array
    pose: Array
    opening: Array
    closed: float
    open_range: float

    @classmethod
    def from_weights(cls, weights: Mapping[str, Any]) -> "MotionBasis":
        names = ("motions", "reading", "pose", "opening")
        motions, reading, pose, opening = (np.asarray(weights[f"motion.{name}"]) for name in names)
        closed, open_range = (float(weights[f"motion.{name}"]) for name in ("closed", "open_range"))
        return cls(motions, reading, pose, opening, closed, open_range)

    @cached_property
    def gaps(self) -> Array:
        """(K,): by how much one unit of each coefficient opens the mouth, in face units."""
        place = {point: row for row, point in enumerate(MOVED)}
        heights = self.motions.reshape(len(self.motions), -1, 2)[..., 1]
        pairs = ((62, 70), (61, 71), (60, 72))
        return np.asarray(sum(heights[:, place[low]] - heights[:, place[up]] for low, up in pairs) / 3, np.float32)


@dataclass(frozen=True)
class Speaker:
    """What is one person's own: mean moved and stable points, the coefficients of a closed mouth, and vividness."""

    moved: Array
    stable: Array
    rest: Array
    scale: float


def opening(points: Array) -> Array:
    """(...,): the mean gap of the inner lips over their middle third, from (..., 131, 2)."""
    upper, lower = points[..., (70, 71, 72), :], points[..., (62, 61, 60), :]
    return np.asarray(np.linalg.norm(upper - lower, axis=-1).mean(axis=-1), dtype=np.float32)


def signed_gap(points: Points) -> float:
    """How far the lower inner lip is below the upper, over their middle third; face units, of (131, 2)."""
    return float((points[[62, 61, 60], 1] - points[[70, 71, 72], 1]).mean())


def width(points: Array) -> Array:
    """(...,): the distance of the mouth's corners, from (..., 131, 2)."""
    left, right = (points[..., i, :] for i in landmarks.MOUTH_CORNERS)
    return np.asarray(np.linalg.norm(left - right, axis=-1), dtype=np.float32)


def normalise(faces: Array) -> Array:
    """(T, 131, 2) landmarks in frame pixels as face units."""
    return np.stack([transform(points, frame_to_face(points)) for points in faces])


def split(points: Array) -> tuple[Array, Array]:
    """Moved (..., 2 M) and stable (..., 34) coordinates of (..., 131, 2) in face units."""
    flat = points.shape[:-2]
    return points[..., MOVED, :].reshape(*flat, -1), points[..., _STABLE, :].reshape(*flat, -1)


def read_motion(basis: MotionBasis, points: Array, speaker: Speaker) -> Array:
    """(..., K) the coefficients of faces (..., 131, 2) in face units."""
    moved, stable = split(points)
    return np.asarray((moved - speaker.moved - (stable - speaker.stable) @ basis.pose) @ basis.reading)


def closed_mouth(basis: MotionBasis, motion: Array, gaps: Array) -> Array:
    """(K,) the coefficients of a closed mouth, from those of some frames and their openings.

    The frames with the smallest gaps stand for it; where even those are open, they are closed by what opening does.
    """
    lowest = gaps <= np.percentile(gaps, 10)
    excess = max(0.0, float(gaps[lowest].mean()) - basis.closed)
    return np.asarray(motion[lowest].mean(axis=0) - basis.opening * excess)


def vividness(basis: MotionBasis, gaps: Array) -> float:
    """How widely this person opens the mouth against others; 1 for one who does not speak in these frames."""
    widest = (float(np.percentile(gaps, 95)) - basis.closed) / basis.open_range
    return 1.0 if widest < 0.5 else float(np.clip(widest, 0.75, 1.35))


def know_speaker(basis: MotionBasis, faces: Array) -> Speaker:
    """The person tracked as `faces`: (T, 131, 2) in frame pixels, NaN where lost; someone average if always lost."""
    found = faces[np.isfinite(faces).all(axis=(1, 2))]
    points = normalise(found[:: 1 + len(found) // 3000]) if len(found) else mean_face()[None]
    moved, stable = split(points)
    start = Speaker(moved.mean(axis=0), stable.mean(axis=0), np.zeros(len(basis.opening), np.float32), 1.0)
    gaps = opening(points)
    rest = closed_mouth(basis, read_motion(basis, points, start), gaps)
    return Speaker(start.moved, start.stable, rest, vividness(basis, gaps))


def speak(basis: MotionBasis, speaker: Speaker, points: Points, motion: Array, openness: float = 1.0) -> Points:
    """A face (131, 2) in face units, its own speech replaced by `motion` (K,), which is 0 for a closed mouth.

    Of the opening that the motion tells the share `openness` is shown.
    """
    moved, stable = split(points)
    follows = speaker.moved + (stable - speaker.stable) @ basis.pose
    own = moved - follows
    residue = own - (own @ basis.reading) @ basis.motions
    wanted = speaker.rest + speaker.scale * motion
    spoken = points.copy()
    spoken[list(MOVED)] = (follows + wanted @ basis.motions + _RESIDUE * residue).reshape(-1, 2)
    # What pose and residue have left of the frame's own opening goes: a closed mouth is closed.
    gap = basis.closed + openness * max(0.0, speaker.scale * float(motion @ basis.gaps))
    missing = (gap - signed_gap(spoken)) / (basis.opening @ basis.gaps)
    spoken[list(MOVED)] += (missing * basis.opening @ basis.motions).reshape(-1, 2)
    return spoken
