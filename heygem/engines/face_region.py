"""Where the landmarker looks: a square around a face, turned upright, from its box or from its last landmarks."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from heygem.domain import landmarks
from heygem.domain.landmarks import Box
from heygem.engines.alignment import Affine, Points, estimate_similarity, mean_face

FILL: Final = 1.25  # the square is this many times as wide as the face's longer side
MOUTH_SHARE: Final = 0.42  # the mouth's square is this much of the face's


@dataclass(frozen=True)
class FaceRegion:
    """A square with its middle at `center`, `side` pixels wide, turned clockwise by `angle` radians."""

    center: tuple[float, float]
    side: float
    angle: float = 0.0

    def to_crop(self, size: int) -> Affine:
        """The similarity from frame pixels to pixels of a (size, size) crop of this square."""
        scale = size / self.side
        cos, sin = np.cos(self.angle) * scale, np.sin(self.angle) * scale
        turn = np.array([[cos, sin], [-sin, cos]])
        # A pixel's centre is at whole coordinates, as OpenCV has it.
        return np.hstack([turn, ((size - 1) / 2 - turn @ np.array(self.center))[:, None]])


RegionSource: TypeAlias = Box | Points


def find_region(source: RegionSource) -> FaceRegion:
    """The square around a detected box (upright), or around the last landmarks (131, 2) (turned as they are)."""
    if isinstance(source, Box):
        return FaceRegion(source.center, max(source.width, source.height, 1.0) * FILL)
    fit = estimate_similarity(mean_face(), source)
    angle = float(np.arctan2(fit[1, 0], fit[0, 0]))
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]])
    upright = source @ turn.T
    low, high = upright.min(axis=0), upright.max(axis=0)
    x, y = turn.T @ ((low + high) / 2)
    return FaceRegion((float(x), float(y)), max(float((high - low).max()), 1.0) * FILL, angle)


def find_mouth_region(points: Points) -> FaceRegion:
    """The square around the mouth, as the face is turned; its size is the face's, so that it tells open from shut."""
    face = find_region(points)
    x, y = points[landmarks.LIPS].mean(axis=0)
    return FaceRegion((float(x), float(y)), face.side * MOUTH_SHARE, face.angle)


def bounding_box(points: Points) -> Box:
    """The tight box of landmarks, which is what our face boxes are."""
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return Box(float(left), float(top), float(right), float(bottom))
