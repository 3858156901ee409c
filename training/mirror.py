"""What becomes of landmarks, and which landmark becomes which, when a picture is mirrored left to right."""

from typing import Final

import cv2
import numpy as np

from heygem.domain import landmarks
from heygem.engines.alignment import Image, Points, as_image


def _permutation() -> list[int]:
    oval = [(36 - i) % 36 for i in range(36)]
    outer = [36 + (10 - i) % 20 for i in range(20)]
    inner = [56 + (10 - i) % 20 for i in range(20)]
    eyes = [*range(92, 108), *range(76, 92)]
    brows = [*range(113, 118), *range(108, 113)]
    nose = [118 + i for i in (0, 1, 2, 3, 4, 11, 10, 9, 8, 7, 6, 5, 12)]
    return oval + outer + inner + eyes + brows + nose


MIRROR: Final = _permutation()  # landmark i of the mirrored picture is landmark MIRROR[i] of the picture
assert len(MIRROR) == landmarks.COUNT


def mirror_points(points: Points, width: float) -> Points:
    """`points` (..., 131, 2) in pixels of a picture of `width`, as they are in the mirrored picture."""
    mirrored = points[..., MIRROR, :].copy()
    mirrored[..., 0] = width - 1 - mirrored[..., 0]
    return mirrored


def mirror_at_times(image: Image, points: Points, random: np.random.Generator) -> tuple[Image, Points]:
    """A picture and the landmarks in it, every second time mirrored."""
    if random.random() < 0.5:
        return image, points
    return as_image(cv2.flip(image, 1)), mirror_points(points, image.shape[1])
