"""Batches for the face detector: scenes turned, scaled, put beside one another and on other backgrounds, spoilt."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from heygem.engines.alignment import Affine, Image, Points, as_image, transform
from heygem.engines.nets.face_detector import STRIDE
from training.augment import cover, spoil
from training.backgrounds import open_backgrounds
from training.face_cache import SCENE, open_pictures, read_cache_labels
from training.mirror import mirror_at_times

SMALLEST: Final = 8.0  # pixels; smaller faces are neither asked for nor punished
GRIDS: Final = ((1, 2), (2, 1), (2, 2), (2, 3), (3, 3))
VISIBLE: Final = 0.65  # a face of which less is in the picture is neither asked for nor punished


@dataclass(frozen=True)
class DetectorBatch:
    """`images` (N, S, S, 3) uint8 BGR; per cell: `score` (N, s, s) 0..1, `weight` (N, s, s) 0 where we do not care,
    `boxes` (N, s, s, 4) left, top, right, bottom in pixels, and `inside` (N, s, s) where a box is to be told."""

    images: NDArray[np.uint8]
    score: NDArray[np.float32]
    weight: NDArray[np.float32]
    boxes: NDArray[np.float32]
    inside: NDArray[np.bool_]


class DetectorSamples:
    """Draws batches from the cache of `split`."""

    def __init__(self, split: str, seed: int) -> None:
        labels = read_cache_labels(split)
        self._scenes = open_pictures(split, "scenes")
        self._points = labels["scene_points"].astype(np.float32)
        self._sizes = labels["scene_size"].astype(np.int64)
        self._backgrounds = open_backgrounds(split)
        self._random = np.random.default_rng(seed)

    def draw(self, count: int, size: int) -> DetectorBatch:
        pictures = [self.draw_picture(size) for _ in range(count)]
        targets = [encode_boxes(boxes, size, seen) for _, boxes, seen in pictures]
        score, weight, boxes, inside = (np.stack(parts) for parts in zip(*targets, strict=True))
        return DetectorBatch(np.stack([image for image, _, _ in pictures]), score, weight, boxes, inside)

    def draw_picture(self, size: int) -> tuple[Image, NDArray[np.float32], NDArray[np.int64]]:
        """(size, size, 3), the boxes (K, 4) of all faces in it, even of those that stick out, and which part of it
        is not blank: its width and height."""
        random = self._random
        image = self._backgrounds.draw(size, random)
        boxes: list[NDArray[np.float32]] = []
        kind = random.random()
        if kind > 0.12:
            rows, columns = (1, 1) if kind < 0.55 else GRIDS[random.integers(len(GRIDS))]
            height, width = size // rows, size // columns
            for cell in range(rows * columns):
                if rows * columns == 1 or random.random() < 0.8:
                    x, y = cell % columns * width, cell // columns * height
                    box = self._paste(image[y : y + height, x : x + width], alone=rows * columns == 1)
                    boxes.append(box + np.array([x, y, x, y], dtype=np.float32))
        if random.random() < 0.15:
            image = cover(image, self._backgrounds.draw(32, random), random)
        image = spoil(image, random)
        seen = np.array([size, size])
        if random.random() < 0.3:  # the rim that letterboxing leaves
            seen[random.integers(2)] = int(size * random.uniform(0.55, 1.0))
            image[seen[1] :], image[:, seen[0] :] = 0, 0
        return image, np.array(boxes, dtype=np.float32).reshape(-1, 4), seen

    def _paste(self, part: Image, alone: bool) -> NDArray[np.float32]:
        """Put one turned scene into `part`, in place; its face's box in pixels of `part`."""
        random = self._random
        index = int(random.integers(len(self._scenes)))
        width, height = (int(v) for v in self._sizes[index])
        scene, points = mirror_at_times(self._scenes[index, :height, :width], self._points[index], random)
        affine = self._place(points, part.shape[1], part.shape[0], alone)
        moved = transform(points, affine)
        whole = np.full(scene.shape[:2], 255, dtype=np.uint8)
        mask = cv2.warpAffine(whole, affine, part.shape[1::-1], flags=cv2.INTER_NEAREST)
        border = cv2.BORDER_REPLICATE if random.random() < 0.4 else cv2.BORDER_CONSTANT
        shrink = float(np.hypot(*affine[:, 0]))
        if shrink < 0.6:
            scene = as_image(cv2.resize(scene, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA))
            back = np.array([width / scene.shape[1], height / scene.shape[0]])
            shift = affine[:, 2] + affine[:, :2] @ (back / 2 - 0.5)
            affine = np.hstack([affine[:, :2] * back, shift[:, None]])
        warped = cv2.warpAffine(scene, affine, part.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=border)
        part[:] = warped if border == cv2.BORDER_REPLICATE else np.where(mask[..., None] > 0, warped, part)
        return np.concatenate([moved.min(axis=0), moved.max(axis=0)])

    def _place(self, points: Points, width: int, height: int, alone: bool) -> Affine:
        random = self._random
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        if alone and random.random() < 0.35:  # as it was framed
            scale = width / SCENE * float(np.exp(random.uniform(-0.1, 0.35)))
            shift = random.normal(0, 0.06 * width, 2) + middle * (width / SCENE - scale)
            return np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        angle = random.uniform(-0.8, 0.8) if random.random() < 0.25 else random.normal(0, 0.2)
        largest = 1.05 * height if alone else 0.8 * height
        face = float(np.exp(random.uniform(np.log(9.0), np.log(largest))))
        scale = face / float(np.ptp(points, axis=0).max())
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        turn = np.array([[cos, -sin], [sin, cos]])
        reach = face / 2 if random.random() < 0.8 else face * 0.3
        target = [random.uniform(min(reach, s / 2), max(s - reach, s / 2)) for s in (width, height)]
        return np.hstack([turn, (np.array(target) - turn @ middle)[:, None]])


def encode_boxes(
    boxes: NDArray[np.float32], size: int, shown: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """What the network should say of a picture of `size` with faces at `boxes`: the arrays of a DetectorBatch.

    Outside the `shown` width and height the picture is blank.
    """
    cells = size // STRIDE
    score, weight = np.zeros((cells, cells), np.float32), np.ones((cells, cells), np.float32)
    target, inside = np.zeros((cells, cells, 4), np.float32), np.zeros((cells, cells), dtype=np.bool_)
    middles = (np.arange(cells, dtype=np.float32) + 0.5) * STRIDE
    for box in boxes[np.argsort([-(b[2] - b[0]) * (b[3] - b[1]) for b in boxes])] if len(boxes) else []:
        w, h = box[2] - box[0], box[3] - box[1]
        seen = np.clip(box[[2, 3]], 0, shown) - np.clip(box[[0, 1]], 0, shown)
        if seen[0] * seen[1] < 0.1 * w * h:
            continue
        if max(w, h) < SMALLEST or seen[0] * seen[1] < VISIBLE * w * h:
            left, top = np.clip(box[:2] // STRIDE - 1, 0, cells).astype(int)
            right, bottom = np.clip(box[2:] // STRIDE + 2, 0, cells).astype(int)
            weight[top:bottom, left:right] = 0
            continue
        dx = np.abs(middles - (box[0] + box[2]) / 2)
        dy = np.abs(middles - (box[1] + box[3]) / 2)
        spread = max(0.1 * max(w, h), 0.55 * STRIDE)
        bump = np.exp(-(dx[None, :] ** 2 + dy[:, None] ** 2) / (2 * spread**2)).astype(np.float32)
        peak = np.unravel_index(int(bump.argmax()), bump.shape)
        bump[peak] = 1.0
        score = np.maximum(score, bump)
        weight[peak] = 1.0
        near = bump > 0.3
        near[peak] = True
        target[near], inside = box, inside | near
    return score, weight, target, inside
