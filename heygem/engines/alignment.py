"""Face-normalised frame: the similarity transform between a video frame and a square crop around the face.

One face unit is the distance between the outer eye corners of the mean face; the origin is the middle between them,
y points down. Knows nothing of what is found or painted in a crop.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from heygem.domain import landmarks

Points: TypeAlias = NDArray[np.float32]  # (N, 2), x then y
Image: TypeAlias = NDArray[np.uint8]  # (H, W, 3) BGR
Affine: TypeAlias = NDArray[np.float64]  # (2, 3)

TEMPLATE_PATH: Final = Path(__file__).with_name("face_template.json")


@dataclass(frozen=True)
class CropSpec:
    """Which square of the face-normalised frame is cropped: `side` and `center` in face units, `size` in pixels."""

    size: int
    center: tuple[float, float]
    side: float

    @property
    def scale(self) -> float:
        """Crop pixels per face unit."""
        return self.size / self.side


@cache
def mean_face() -> Points:
    """The mean of the training faces: (131, 2) in face units."""
    return np.asarray(json.loads(TEMPLATE_PATH.read_text()), dtype=np.float32)


def estimate_similarity(source: Points, target: Points) -> Affine:
    """The least-squares similarity (rotation, uniform scale, shift) that takes `source` to `target`: (2, 3).

    Source: Umeyama, Least-squares estimation of transformation parameters between two point patterns, 1991.
    """
    a = source.astype(np.float64) - (mean_a := source.mean(axis=0, dtype=np.float64))
    b = target.astype(np.float64) - (mean_b := target.mean(axis=0, dtype=np.float64))
    norm = max(float((a * a).sum()), 1e-12)
    cos = float((a * b).sum()) / norm
    sin = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / norm
    rotation = np.array([[cos, -sin], [sin, cos]])
    return np.hstack([rotation, (mean_b - rotation @ mean_a)[:, None]])


def frame_to_face(points: Points) -> Affine:
    """The similarity from frame pixels to face units, by the landmarks that speech does not move."""
    stable = list(landmarks.STABLE)
    return estimate_similarity(points[stable], mean_face()[stable])


def frame_to_crop(points: Points, spec: CropSpec) -> Affine:
    """The similarity from frame pixels to pixels of the crop `spec` around the face with landmarks `points`."""
    corner = np.array(spec.center) - spec.side / 2
    face = frame_to_face(points)
    # A pixel's centre is at whole coordinates, as OpenCV has it.
    shifted: Affine = np.hstack([face[:, :2], (face[:, 2] - corner)[:, None]]) * spec.scale
    shifted[:, 2] -= 0.5
    return shifted


def transform(points: Points, affine: Affine) -> Points:
    """`points` moved by `affine`: (N, 2) float32."""
    return (points @ affine[:, :2].T + affine[:, 2]).astype(np.float32)


def invert(affine: Affine) -> Affine:
    """The transform back."""
    return np.asarray(cv2.invertAffineTransform(affine), np.float64)


def as_image(array: object) -> Image:
    """What an OpenCV function gives for an image, typed as one."""
    return np.asarray(array, np.uint8)


def warp_crop(image: Image, affine: Affine, size: int) -> Image:
    """The (size, size, 3) crop of `image`; area-like filtering where the crop is much smaller than its source."""
    shrink = float(np.hypot(*affine[:, 0]))
    if shrink < 0.6:  # bilinear sampling would alias
        sigma = 0.5 * (1 / shrink - 1)
        image, affine = _cut_out(image, affine, size)
        image = as_image(cv2.GaussianBlur(image, (0, 0), max(sigma, 0.3)))
    crop = cv2.warpAffine(image, affine, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return as_image(crop)


def _cut_out(image: Image, affine: Affine, size: int) -> tuple[Image, Affine]:
    """The part of `image` that a crop needs, so that filtering it does not cost the whole frame."""
    corners = transform(np.array([[0, 0], [size, 0], [0, size], [size, size]], np.float32), invert(affine))
    height, width = image.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=0)) - 8, 0, [width - 1, height - 1]).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)) + 8, [left + 1, top + 1], [width, height]).astype(int)
    moved = affine.copy()
    moved[:, 2] += affine[:, :2] @ np.array([left, top])
    return image[top:bottom, left:right], moved
