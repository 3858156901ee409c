"""Puts a repainted patch back into its frame so that its edge cannot be seen, and touches nothing beyond it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np

from heygem.engines.alignment import Affine, Image, Points, invert, transform
from heygem.pipeline.face_track import FloatArray

_COARSE: Final = 32  # a side of the grid on which colours are matched
_FINER: Final = 2  # times finer is the grid on which they are compared, since the mask has a slope
_WARP: Final = cv2.WARP_INVERSE_MAP


@dataclass(frozen=True)
class Region:
    """A part of a frame in whole pixels, right and bottom exclusive."""

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


@dataclass(frozen=True)
class Paster:
    """Pastes patches of a crop whose `mask` is (S, S) in 0..1, zero at the rim: how much of a patch is to be seen."""

    mask: FloatArray

    def paste(self, frame: Image, patch: Image, crop: Image, affine: Affine, weight: float) -> Image:
        """A copy of `frame` with `patch` in its place, as strongly as mask × weight; where that is 0 bytes stay.

        `affine` takes frame pixels to pixels of the `crop` (S, S, 3) that the patch was painted from.
        """
        composed = frame.copy()
        height, width = frame.shape[:2]
        region = self.find_region(affine, width, height)
        if min(region.size) <= 0:
            return composed
        moved = affine.copy()
        moved[:, 2] += affine[:, :2] @ np.array([region.left, region.top])
        how = cv2.INTER_CUBIC if np.hypot(*affine[:, 0]) < 1 else cv2.INTER_LINEAR
        alpha = cv2.warpAffine(self.mask * np.float32(weight), moved, region.size, flags=_WARP | cv2.INTER_LINEAR)
        painted = cv2.warpAffine(patch, moved, region.size, flags=_WARP | how, borderMode=cv2.BORDER_REPLICATE)
        change = cv2.subtract(painted, region.cut(frame), dtype=cv2.CV_32F)
        change = cv2.add(change, self._warp_colours(self.match_colours(patch, crop), moved, region))
        change = cv2.multiply(change, cv2.merge([alpha] * 3))
        region.cut(composed)[:] = cv2.add(region.cut(frame), change, dtype=cv2.CV_8U)
        return composed

    def find_region(self, affine: Affine, width: int, height: int) -> Region:
        """Where the nonzero part of the mask lies in a frame, by the transform from frame to crop; clipped to it."""
        corners = transform(self._corners, invert(affine))
        low = np.clip(np.floor(corners.min(axis=0)), 0, [width, height]).astype(int)
        high = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, [width, height]).astype(int)
        return Region(int(low[0]), int(low[1]), int(high[0]), int(high[1]))

    def match_colours(self, patch: Image, crop: Image) -> FloatArray:
        """What to add to `patch` so that it meets `crop` around the mask: (32, 32, 3), over all of the crop.

        The difference beside the mask is carried into it by normalised convolution (Knutsson and Westin, CVPR 1993), on
        a coarse grid, since it changes slowly.
        """
        side = self._outside.shape[:2]
        theirs, ours = (cv2.resize(image, side, interpolation=cv2.INTER_AREA) for image in (crop, patch))
        difference = np.asarray(cv2.subtract(theirs, ours, dtype=cv2.CV_32F), np.float32)
        return np.asarray(_spread(difference * self._outside) / self._known, np.float32)

    def _warp_colours(self, colours: FloatArray, affine: Affine, region: Region) -> FloatArray:
        side = len(self.mask) // 2
        smooth = cv2.resize(colours, (side, side), interpolation=cv2.INTER_LINEAR)
        coarser = np.hstack([affine[:, :2], affine[:, 2:] + 0.5]) / 2
        coarser[:, 2] -= 0.5
        flags = _WARP | cv2.INTER_LINEAR
        warped = cv2.warpAffine(smooth, coarser, region.size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, np.float32)

    @cached_property
    def _corners(self) -> Points:
        """(4, 2): of what is not zero in the mask, and a pixel more."""
        rows, columns = np.flatnonzero(self.mask.any(axis=1)), np.flatnonzero(self.mask.any(axis=0))
        left, right, top, bottom = columns[0] - 1, columns[-1] + 1, rows[0] - 1, rows[-1] + 1
        return np.array([[left, top], [right, top], [left, bottom], [right, bottom]], np.float32)

    @cached_property
    def _outside(self) -> FloatArray:
        """(64, 64, 3): how much of the crop around the mask there is in each cell."""
        side = (_FINER * _COARSE,) * 2
        return np.asarray(cv2.merge([cv2.resize(1 - self.mask, side, interpolation=cv2.INTER_AREA)] * 3), np.float32)

    @cached_property
    def _known(self) -> FloatArray:
        """(32, 32, 3). Deep inside the mask little is known of what is around: the correction dies away."""
        return np.maximum(_spread(self._outside), 0.15)


def _spread(cells: FloatArray) -> FloatArray:
    coarse = cv2.resize(cells, (_COARSE, _COARSE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(coarse, (0, 0), _COARSE / 12), np.float32)
