"""Puts a repainted patch back into its frame so that its edge cannot be seen, and touches nothing beyond it."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from heygem.engines.alignment import Affine, Image, invert, transform
from heygem.pipeline.face_track import FloatArray

_COARSE: Final = 32  # a side of the grid on which colours are matched


@dataclass(frozen=True)
class Region:
    """The part of a frame that a crop's mask reaches, in whole pixels, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.right - self.left, self.bottom - self.top

    def cut(self, image: Image) -> Image:
        """A view of the region in `image`."""
        return image[self.top : self.bottom, self.left : self.right]


def find_region(mask: FloatArray, affine: Affine, width: int, height: int) -> Region:
    """Where the nonzero part of a crop's `mask` lies in a frame, by the transform from frame to crop; clipped to it."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, right, top, bottom = columns[0] - 1, columns[-1] + 1, rows[0] - 1, rows[-1] + 1
    corners = np.array([[left, top], [right, top], [left, bottom], [right, bottom]], np.float32)
    corners = transform(corners, invert(affine))
    low = np.clip(np.floor(corners.min(axis=0)), 0, [width, height]).astype(int)
    high = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, [width, height]).astype(int)
    return Region(int(low[0]), int(low[1]), int(high[0]), int(high[1]))


def match_colours(patch: Image, crop: Image, mask: FloatArray) -> FloatArray:
    """`patch` with the slow change of colour added that makes it meet `crop` around the mask: (S, S, 3) float32.

    The difference beside the mask is carried into it by normalised convolution (Knutsson and Westin, CVPR 1993), on a
    coarse grid, since it changes slowly.
    """
    size = patch.shape[0]
    outside = (1 - mask)[..., None]
    difference = cv2.subtract(crop, patch, dtype=cv2.CV_32F) * outside
    known = np.concatenate([difference, outside], axis=2)
    coarse = cv2.resize(known, (_COARSE, _COARSE), interpolation=cv2.INTER_AREA)
    spread = cv2.GaussianBlur(coarse, (0, 0), _COARSE / 12)
    # Deep inside the mask little is known of what is around: the correction dies away.
    carried = spread[..., :3] / np.maximum(spread[..., 3:], 0.15)
    correction = cv2.resize(carried, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.asarray(correction + patch, np.float32)


def paste_back(frame: Image, patch: FloatArray, mask: FloatArray, affine: Affine, weight: float) -> Image:
    """A copy of `frame` with `patch` blended in by `mask` × `weight`; pixels where that is 0 keep their very bytes.

    `affine` takes frame pixels to crop pixels; `patch` is (S, S, 3), `mask` (S, S) in 0..1, zero at the rim.
    """
    composed = frame.copy()
    height, width = frame.shape[:2]
    region = find_region(mask, affine, width, height)
    if min(region.size) <= 0:
        return composed
    moved = affine.copy()
    moved[:, 2] += affine[:, :2] @ np.array([region.left, region.top])
    flags = cv2.WARP_INVERSE_MAP | cv2.INTER_LINEAR
    alpha = cv2.warpAffine(mask, moved, region.size, flags=flags) * weight
    flags = cv2.WARP_INVERSE_MAP | (cv2.INTER_CUBIC if np.hypot(*affine[:, 0]) < 1 else cv2.INTER_LINEAR)
    painted = cv2.warpAffine(patch, moved, region.size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    source = region.cut(frame).astype(np.float32)
    blended = source + (painted - source) * alpha[..., None]
    region.cut(composed)[:] = np.clip(np.rint(blended), 0, 255).astype(np.uint8)
    return composed
