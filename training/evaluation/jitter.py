"""How much tracked landmarks tremble: in the stillest second of a clip, and on one frame filmed again and again."""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from heygem.domain import landmarks
from heygem.engines.alignment import Image, as_image

STILL_FRAMES: Final = 25
_NOISE: Final = 3.0  # standard deviation of the camera's noise, of 255
_QUALITY: Final = 80  # of JPEG

Points = NDArray[np.float32]


def find_still(points: Points) -> slice | None:
    """The STILL_FRAMES frames with a face, (T, 131, 2), in which the head moves least from frame to frame."""
    anchor = points[:, list(landmarks.STABLE)].mean(axis=1)
    steps = np.linalg.norm(np.diff(anchor, axis=0), axis=-1)
    if len(steps) < STILL_FRAMES - 1:
        return None
    sums = np.convolve(steps, np.ones(STILL_FRAMES - 1), mode="valid")  # NaN where a face is lost
    if not np.isfinite(sums).any():
        return None
    start = int(np.nanargmin(sums))
    return slice(start, start + STILL_FRAMES)


def measure_jitter(points: Points) -> float:
    """How far a landmark is on average from the middle of its two neighbours in time, in outer-eye distances."""
    away = np.linalg.norm(points[1:-1] - (points[2:] + points[:-2]) / 2, axis=2).mean(axis=1)
    return float(np.nanmean(away / _eye_distance(points[1:-1])))


def measure_tremble(points: Points) -> float:
    """How far a landmark of a face that does not move is from its mean place, in outer-eye distances."""
    away = np.linalg.norm(points - points.mean(axis=0), axis=2).mean(axis=1)
    return float(np.nanmean(away / _eye_distance(points)))


def repeat_still(frame: Image, seed: int) -> list[Image]:
    """STILL_FRAMES pictures of one and the same scene: fresh camera noise, compressed anew."""
    random = np.random.default_rng(seed)
    pictures = []
    for _ in range(STILL_FRAMES):
        noisy = np.clip(frame + random.normal(0, _NOISE, frame.shape), 0, 255).astype(np.uint8)
        packed = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1]
        pictures.append(as_image(cv2.imdecode(packed, cv2.IMREAD_COLOR)))
    return pictures


def _eye_distance(points: Points) -> NDArray[np.float32]:
    left, right = (points[:, i] for i in landmarks.EYE_OUTER_CORNERS)
    return np.asarray(np.linalg.norm(left - right, axis=-1), np.float32)
