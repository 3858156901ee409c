"""Measures the renderer: frames of a clip repainted with their own true key points, without seeing themselves."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from heygem.engines.alignment import Image, frame_to_crop, mean_face, transform, warp_crop
from heygem.engines.embedded import EmbeddedEngine
from heygem.engines.engine import FaceCrop
from heygem.engines.mouth_drawing import CROP, hidden_mask
from heygem.engines.repainter import Repainter
from training.crops import smooth_points
from training.dataset import Labels, decode, face_size, list_labels, read_labels

FRAMES: Final = 150  # of a clip that are looked at
APART_S: Final = 0.32  # the frame whose pixels are bent is so much older or younger than the one to paint
"""At run time it is the frame itself, whose mouth says something else."""


def measure_renderer(engine: EmbeddedEngine, split: str, quick: bool) -> dict[str, dict[str, float]]:
    """Errors in grey levels of 255 and likeness of the mouth, for each set of clips and for all of them."""
    groups: dict[str, list[dict[str, float]]] = defaultdict(list)
    for group, paths in _by_group(split).items():
        for path in paths[: 2 if quick else 12]:
            labels = read_labels(path)
            found = np.flatnonzero(labels.found[:FRAMES])
            if len(found) >= 20 and np.median([face_size(labels.points[i]) for i in found]) > 44:
                groups[group].append(_measure_clip(engine, labels, found, 4 if quick else 8))
    rows = {group: _mean(clips) for group, clips in groups.items() if clips}
    rows["mean of sets"] = _mean(list(rows.values()))
    return rows


def _by_group(split: str) -> dict[str, list[Path]]:
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in list_labels(split):
        if path.parent.name != "romanian_tedx":  # mouths without a face
            groups[path.parent.name].append(path)
    return groups


def _measure_clip(engine: EmbeddedEngine, labels: Labels, found: NDArray[np.int64], count: int) -> dict[str, float]:
    points = smooth_points(labels.points)
    faces = {}
    for index, frame in enumerate(decode(labels.clip)):
        if index > found[-1]:
            break
        if index in found:
            affine = frame_to_crop(points[index], engine.crop)
            faces[index] = FaceCrop(warp_crop(frame, affine, engine.crop.size), transform(points[index], affine))
    apart = max(2, round(APART_S * labels.fps))
    rows = []
    for index in found[np.linspace(0, len(found) - 1, count).astype(int)]:
        donor = min(faces, key=lambda other: abs(abs(other - index) - apart))
        bank = [faces[i] for i in found[:: max(1, len(found) // 12)] if abs(i - index) >= apart]
        painted = Repainter(engine.painter, bank).repaint([faces[index]], [faces[index].points], [faces[donor]])[0]
        rows.append(_compare(painted, faces[index], engine))
        rows[-1]["donor error"] = _error(faces[donor].image, faces[index].image, _weight(engine))
    return _mean(rows)


def _compare(painted: Image, face: FaceCrop, engine: EmbeddedEngine) -> dict[str, float]:
    weight = _weight(engine)
    left, top, right, bottom = _mouth_box(engine)
    a, b = painted[top:bottom, left:right], face.image[top:bottom, left:right]
    squared = ((painted.astype(float) - face.image) ** 2).mean(axis=2)
    psnr = 10 * np.log10(255**2 / max(float((squared * weight).sum() / weight.sum()), 1e-6))
    return {
        "error /255": _error(painted, face.image, weight),
        "PSNR dB": psnr,
        "mouth SSIM": _likeness(_grey(a), _grey(b)),
        "sharpness ratio": _sharpness(a) / max(_sharpness(b), 1e-6),
    }


def _error(a: Image, b: Image, weight: NDArray[np.float32]) -> float:
    return float((np.abs(a.astype(float) - b).mean(axis=2) * weight).sum() / weight.sum())


def _weight(engine: EmbeddedEngine) -> NDArray[np.float32]:
    return hidden_mask(replace(CROP, size=engine.crop.size))


def _mouth_box(engine: EmbeddedEngine) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the mean face's mouth in the crop, a little wider."""
    spec = engine.crop
    lips = mean_face()[36:76]
    low = (lips.min(axis=0) - 0.06 - spec.center + spec.side / 2) * spec.scale
    high = (lips.max(axis=0) + 0.1 - spec.center + spec.side / 2) * spec.scale
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])


def _grey(image: Image) -> Image:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _likeness(a: Image, b: Image) -> float:
    return float(structural_similarity(a, b, data_range=255))  # type: ignore[no-untyped-call]  # scikit-image


def _sharpness(image: Image) -> float:
    """The variance of the Laplacian, without the finest noise."""
    calm = cv2.GaussianBlur(_grey(image).astype(np.float32), (0, 0), 1.0)
    return float(cv2.Laplacian(calm, cv2.CV_32F).var())


def _mean(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
