"""Gives a picture that has been enlarged the sharpness of another one, without the halos that sharpening makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from heygem.engines.alignment import Image

_MOST: Final = 2.0  # more would show the enlarged picture's own faults
_NEIGHBOURS: Final = np.ones((5, 5), np.uint8)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Sharpener:
    """An unsharp mask: what a blur of `radius_px` takes away is added `amount` times."""

    amount: float
    radius_px: float

    @classmethod
    def measure(cls, soft: Sequence[Image], sharp: Sequence[Image], weight: Floats, radius_px: float) -> "Sharpener":
        """One that gives pictures such as `soft` the detail of `sharp`, in the mean over both, where `weight` is.

        `weight` (H, W) in 0..1. Detail is the energy of what the blur takes away; added `amount` times, it grows by
        a quadratic, which is solved.
        """
        target = np.mean([_mean_square(detail := _detail(picture, radius_px), detail, weight) for picture in sharp])
        once = [_detail(picture, radius_px) for picture in soft]
        twice = [_detail(detail, radius_px) for detail in once]
        have = np.mean([_mean_square(a, a, weight) for a in once])
        cross = np.mean([_mean_square(a, b, weight) for a, b in zip(once, twice, strict=True)])
        grown = np.mean([_mean_square(b, b, weight) for b in twice])
        if target <= have or grown <= 0:
            return cls(0.0, radius_px)
        amount = (np.sqrt(cross * cross + grown * (target - have)) - cross) / grown
        return cls(float(min(amount, _MOST)), radius_px)

    def sharpen(self, picture: Image) -> Image:
        """`picture` (H, W, 3), each value within what its neighbours have: edges get steeper and have no halos."""
        if self.amount <= 0:
            return picture
        sharper = cv2.addWeighted(picture, 1 + self.amount, _blur(picture, self.radius_px), -self.amount, 0)
        low, high = cv2.erode(picture, _NEIGHBOURS), cv2.dilate(picture, _NEIGHBOURS)
        return np.asarray(np.clip(sharper, low, high), np.uint8)


def _blur(picture: Floats | Image, radius_px: float) -> Any:
    return cv2.GaussianBlur(picture, (0, 0), radius_px)


def _detail(picture: Floats | Image, radius_px: float) -> Floats:
    exact = picture.astype(np.float32)
    return np.asarray(exact - _blur(exact, radius_px), np.float32)


def _mean_square(a: Floats, b: Floats, weight: Floats) -> float:
    return float((weight[..., None] * a * b).sum() / max(float(weight.sum()), 1e-6))
