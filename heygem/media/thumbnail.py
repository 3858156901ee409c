"""Small JPEG pictures of frames, as lists show them."""

from fractions import Fraction
from typing import Final

import cv2

from heygem.media.still import Image

SIDE_PX: Final = 320
QUALITY: Final = 80


def shrink(image: Image, sample_aspect_ratio: Fraction = Fraction(1)) -> Image:
    """`image` (H, W, 3) with square pixels, at most SIDE_PX wide and high."""
    height, width = image.shape[0], image.shape[1] * float(sample_aspect_ratio)
    scale = min(1.0, SIDE_PX / max(width, height))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(image.dtype, copy=False)


def encode_jpeg(image: Image) -> bytes:
    """A JPEG of (H, W, 3) uint8 BGR."""
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
