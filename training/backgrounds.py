"""Pictures without faces, for the face tracker to be unsure about: of things, of frames beside faces, and noise."""

from functools import cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data as pictures

from heygem.engines.alignment import Image, as_image
from training.augment import Random
from training.face_cache import open_pictures, read_cache_labels

# skimage's own pictures of things and animals; coffee is left to the tests.
THINGS: Final = ("cat", "chelsea", "rocket", "page", "text", "clock", "brick", "grass", "gravel", "moon", "colorwheel",
                 "hubble_deep_field", "immunohistochemistry", "retina", "cell", "human_mitosis", "horse")  # fmt: skip


@cache
def _things() -> list[Image]:
    found: list[Image] = []
    for name in THINGS:
        try:
            picture: NDArray[Any] = getattr(pictures, name)()
        except Exception:  # those that skimage would have to download
            continue
        if picture.dtype == bool:
            picture = picture.astype(np.uint8) * 255
        picture = picture[..., :3][..., ::-1] if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=2)
        found.append(np.ascontiguousarray(picture.astype(np.uint8)))
    return found


class Backgrounds:
    """Draws pictures without faces; `scenes` (M, S, S, 3) hold one face each, at `boxes` (M, 4), within `sizes`."""

    def __init__(self, scenes: NDArray[np.uint8], boxes: NDArray[np.float32], sizes: NDArray[np.int64]) -> None:
        self._scenes = scenes
        self._boxes = boxes
        self._sizes = sizes

    def draw(self, size: int, random: Random) -> Image:
        """(size, size, 3)"""
        kind = random.random()
        if kind < 0.2:
            return self._shuffled(size, random)
        if kind < 0.8:
            first = self._beside_face(size, random) if random.random() < 0.5 else _thing(size, random)
            if random.random() < 0.25:
                return as_image(cv2.addWeighted(first, 0.5, self._beside_face(size, random), 0.5, 0))
            return first
        return _noise(size, random)

    def _shuffled(self, size: int, random: Random) -> Image:
        """A scene in tiles too small for its face, in another order: skin, eyes and mouths that are not a face."""
        index = int(random.integers(len(self._scenes)))
        width, height = (int(v) for v in self._sizes[index])
        left, _, right, _ = self._boxes[index]
        tile = int(max(10, (right - left) * random.uniform(0.22, 0.42)))
        across, down = size // tile + 1, size // tile + 1
        image = np.empty((down * tile, across * tile, 3), dtype=np.uint8)
        if width <= tile or height <= tile:
            return _noise(size, random)
        for y in range(down):
            for x in range(across):
                column, row = int(random.integers(0, width - tile)), int(random.integers(0, height - tile))
                part = self._scenes[index, row : row + tile, column : column + tile]
                image[y * tile : (y + 1) * tile, x * tile : (x + 1) * tile] = part[:: int(random.choice((1, -1)))]
        return np.ascontiguousarray(image[:size, :size])

    def _beside_face(self, size: int, random: Random) -> Image:
        index = int(random.integers(len(self._scenes)))
        width, height = (int(v) for v in self._sizes[index])
        left, top, right, bottom = self._boxes[index]
        grow = 0.1 * (right - left)
        strips = [(0, 0, int(left - grow), height), (int(right + grow), 0, width, height),
                  (0, 0, width, int(top - 3 * grow)), (0, int(bottom + grow), width, height)]  # fmt: skip
        strips = [s for s in strips if s[2] - s[0] >= 24 and s[3] - s[1] >= 24]
        if not strips:
            return _noise(size, random)
        x0, y0, x1, y1 = strips[random.integers(len(strips))]
        return _window(self._scenes[index, y0:y1, x0:x1], size, random)


def open_backgrounds(split: str) -> Backgrounds:
    """Those of the cache of `split`."""
    labels = read_cache_labels(split)
    points = labels["scene_points"].astype(np.float32)
    boxes = np.concatenate([points.min(axis=1), points.max(axis=1)], axis=1)
    return Backgrounds(open_pictures(split, "scenes"), boxes, labels["scene_size"].astype(np.int64))


def _thing(size: int, random: Random) -> Image:
    return _window(_things()[random.integers(len(_things()))], size, random)


def _window(picture: Image, size: int, random: Random) -> Image:
    """A part of `picture`, at times mirrored, upside down or reflected beyond its rim, as (size, size, 3)."""
    height, width = picture.shape[:2]
    w, h = (max(12, int(s * np.exp(random.uniform(-2.3, 0)))) for s in (width, height))
    x, y = int(random.integers(0, width - w + 1)), int(random.integers(0, height - h + 1))
    part = picture[y : y + h, x : x + w][:: int(random.choice((1, -1))), :: int(random.choice((1, -1)))]
    how = cv2.INTER_AREA if min(w, h) > size else cv2.INTER_LINEAR
    return as_image(cv2.resize(np.ascontiguousarray(part), (size, size), interpolation=how))


def _noise(size: int, random: Random) -> Image:
    """Clouds of noise of several sizes over one colour, with some rectangles and lines."""
    image = np.full((size, size, 3), random.integers(0, 256, 3), dtype=np.float32)
    for cells in (2, 4, 8, 16, 32):
        if random.random() < 0.6:
            cloud = random.normal(0, random.uniform(5, 50), (cells, cells, 3)).astype(np.float32)
            image += cv2.resize(cloud, (size, size), interpolation=cv2.INTER_CUBIC)
    result = np.clip(image, 0, 255).astype(np.uint8)
    for _ in range(random.integers(0, 6)):
        a, b = random.integers(0, size, 2).tolist(), random.integers(0, size, 2).tolist()
        color = random.integers(0, 256, 3).tolist()
        shape = random.integers(3)
        if shape == 0:
            cv2.rectangle(result, a, b, color, int(random.choice((-1, 2))))
        elif shape == 1:
            cv2.line(result, a, b, color, int(random.integers(1, 6)))
        else:
            cv2.ellipse(
                result, a, (b[0] // 3 + 2, b[1] // 3 + 2), float(a[0]), 0, 360, color, int(random.choice((-1, 2)))
            )
    return result
