"""Small JPEG pictures of frames, as lists show them."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import cv2
import numpy as np

from heygem.media.still import Image

SIDE_PX: Final = 320
QUALITY: Final = 80
TILE: Final = (320, 180)  # pixels, width first
BACKGROUND: Final = (20, 15, 11)  # BGR: the page's behind a picture


def shrink(image: Image, sample_aspect_ratio: Fraction = Fraction(1)) -> Image:
    """`image` (H, W, 3) with square pixels, at most SIDE_PX wide and high."""
    height, width = image.shape[0], image.shape[1] * float(sample_aspect_ratio)
    scale = min(1.0, SIDE_PX / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(image.dtype, copy=False)


def join_in_row(images: Sequence[Image]) -> Image:
    """All (H, W, 3) uint8 in tiles of TILE beside one another, each whole and in its proportions."""
    return np.concatenate([_fit_in_tile(image) for image in images], axis=1)


def _fit_in_tile(image: Image) -> Image:
    width, height = TILE
    scale = min(width / image.shape[1], height / image.shape[0])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    tile = np.full((height, width, 3), BACKGROUND, dtype=image.dtype)
    tile[top : top + size[1], left : left + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return tile


def encode_jpeg(image: Image) -> bytes:
    """A JPEG of (H, W, 3) uint8 BGR."""
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
