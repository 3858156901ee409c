"""Scores a talking face with the active-speaker judge: crops as the public project cuts them, and MFCC of the voice.

It tells speaking from not speaking; of a shift of half a second it takes little notice.
"""

from collections.abc import Iterable
from functools import cache
from typing import Final

import cv2
import numpy as np
import python_speech_features
import torch
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from heygem.engines.alignment import Image
from heygem.engines.engine import SAMPLE_RATE
from training.dataset import TEACHERS
from training.evaluation.light_asd import SIDE, LightAsd

RATE_HZ: Final = 25
_STEADY: Final = 13  # frames over which the face's place is a median
_SIDE: Final = 1.4  # of the crop, in halves of the face's longer side
_DOWN: Final = 0.4  # by which the crop's middle is below the face's, likewise


def cut_speaker(frames: Iterable[Image], points: NDArray[np.float32], fps: float) -> NDArray[np.uint8]:
    """(T, 112, 112) grey crops of the face tracked as `points`, 25 a second; the last place holds where it is lost."""
    places = _find_places(points)
    last = int(len(points) / fps * RATE_HZ)
    wanted = [min(round(i * fps / RATE_HZ), len(points) - 1) for i in range(last)]
    crops: dict[int, Image] = {}
    chosen = set(wanted)
    for number, frame in enumerate(frames):
        if number in chosen and number < len(points):
            crops[number] = _cut(frame, *places[number])
    return np.stack([crops[number] for number in wanted if number in crops])


@torch.inference_mode()
def look_at_speaker(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(T, 128): what the judge sees in crops (T, 112, 112); this is what takes time."""
    pictures = torch.from_numpy(crops.astype(np.float32))
    return np.asarray(_load_judge().look(pictures[None])[0].numpy())


@torch.inference_mode()
def score_speaker(seen: NDArray[np.float32], samples: NDArray[np.float32]) -> float:
    """The judge's mean score of what it has seen, (T, 128), with a voice at 16 kHz: above 0 for one who speaks."""
    sound = (np.clip(samples, -1, 1) * 32767).astype(np.int16)
    mfcc = python_speech_features.mfcc(sound, SAMPLE_RATE, numcep=13, winlen=0.025, winstep=0.010).astype(np.float32)
    count = min(len(seen), len(mfcc) // 4)
    scores = _load_judge()(torch.from_numpy(seen[:count])[None], torch.from_numpy(mfcc[: 4 * count])[None])
    return float(scores.mean())


@cache
def _load_judge() -> LightAsd:
    return LightAsd.load(TEACHERS / "light_asd_TalkSet.model")


def _find_places(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """(T, 3): middle x, y and half the longer side of the face's box, steadied."""
    low, high = points.min(axis=1), points.max(axis=1)
    places = np.hstack([(low + high) / 2, (high - low).max(axis=1, keepdims=True) / 2]).astype(np.float64)
    found = np.flatnonzero(np.isfinite(places[:, 0]))
    nearest = found[np.abs(np.arange(len(places))[:, None] - found[None]).argmin(axis=1)]
    steady: NDArray[np.float64] = median_filter(places[nearest], size=(_STEADY, 1), mode="nearest")
    return steady


def _cut(frame: Image, x: float, y: float, half: float) -> Image:
    scale = SIDE / (_SIDE * half)
    middle = (SIDE - 1) / 2
    affine = np.array([[scale, 0, middle - scale * x], [0, scale, middle - scale * (y + _DOWN * half)]])
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.warpAffine(grey, affine, (SIDE, SIDE), flags=flags, borderValue=110), np.uint8)
