"""Draws what the renderer is told of a mouth: which part of the crop it repaints, and lips and jaw as pictures."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from heygem.domain import landmarks
from heygem.engines.alignment import CropSpec, Points

CROP: Final = CropSpec(size=128, center=(0.0, 1.03), side=1.28)
CHANNELS: Final = 3  # outer lips filled, inner lips filled, jaw line

# The hidden part: from the nose's base to under an open mouth's chin, in face units.
_CENTER: Final = (0.0, 1.055)
_RADII: Final = (0.58, 0.51)
_ROUNDNESS: Final = 3.0  # 2 is an ellipse, more is nearer to a rectangle
_FEATHER: Final = 0.16

_SUBPIXEL: Final = 4  # bits


def hidden_mask(spec: CropSpec = CROP) -> NDArray[np.float32]:
    """(S, S) in 0..1: 1 where the crop is repainted, falling softly to 0 at the hidden part's edge."""
    return soft_mask(spec, _CENTER, _RADII, _FEATHER)


def soft_mask(
    spec: CropSpec, center: tuple[float, float], radii: tuple[float, float], feather: float
) -> NDArray[np.float32]:
    """(S, S): 1 within a rounded rectangle, falling to 0 at its edge over a width of `feather`, all in face units."""
    axis = (np.arange(spec.size) + 0.5) / spec.scale - spec.side / 2
    x = np.abs(axis + spec.center[0] - center[0])[None, :] / radii[0]
    y = np.abs(axis + spec.center[1] - center[1])[:, None] / radii[1]
    radius = (x**_ROUNDNESS + y**_ROUNDNESS) ** (1 / _ROUNDNESS)
    inside = np.clip((1 - radius) / (feather / max(radii)), 0, 1)
    return np.asarray(inside * inside * (3 - 2 * inside), dtype=np.float32)


def draw(points: Points, size: int) -> NDArray[np.uint8]:
    """(S, S, 3): the outer lips, the inner lips and the jaw line of `points` (131, 2) in crop pixels, anti-aliased."""
    fixed = _to_fixed_point(points)
    outer, inner, jaw = (np.zeros((size, size), dtype=np.uint8) for _ in range(CHANNELS))
    cv2.fillPoly(outer, [fixed[landmarks.LIPS_OUTER]], 255, cv2.LINE_AA, _SUBPIXEL)
    cv2.fillPoly(inner, [fixed[landmarks.LIPS_INNER]], 255, cv2.LINE_AA, _SUBPIXEL)
    cv2.polylines(jaw, [fixed[landmarks.JAW]], False, 255, 2, cv2.LINE_AA, _SUBPIXEL)
    return np.stack([outer, inner, jaw], axis=-1)


def draw_opening(points: Points, size: int) -> NDArray[np.uint8]:
    """(S, S): the inner lips alone."""
    inner = np.zeros((size, size), dtype=np.uint8)
    cv2.fillPoly(inner, [_to_fixed_point(points)[landmarks.LIPS_INNER]], 255, cv2.LINE_AA, _SUBPIXEL)
    return inner


def _to_fixed_point(points: Points) -> NDArray[np.int32]:
    return np.asarray(np.round(np.nan_to_num(points) * (1 << _SUBPIXEL)).clip(-1e6, 1e6), np.int32)
