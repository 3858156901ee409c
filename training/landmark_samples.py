"""Batches for the landmark network: crops as a tracker or a detector would cut them, spoilt, and some with no face."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from heygem.domain import landmarks
from heygem.engines.alignment import Affine, Image, Points, as_image, transform
from heygem.engines.face_region import FILL, FaceRegion, bounding_box, find_region
from heygem.engines.nets.landmarker import CROP_SIZE
from training.augment import cover, spoil
from training.backgrounds import open_backgrounds
from training.face_cache import CROP, LOOSE, open_pictures, read_cache_labels
from training.mirror import mirror_at_times

TRACKED: Final = 0.6  # share of crops that are cut by (nearly right) landmarks, others by a box
NEGATIVES: Final = 0.2
OPEN_PAIRS: Final = tuple((56 + i, 76 - i) for i in range(1, 10))  # inner lips: lower, upper, side by side

Sample: TypeAlias = tuple[Image, Points, float]


@dataclass(frozen=True)
class LandmarkBatch:
    """`images` (N, 128, 128, 3) uint8 BGR, `points` (N, 131, 2) in 0..1 of the crop, `present` (N,) 0 or 1.

    The first 2 * `twins` rows are pairs: one face twice, cut and spoilt anew as from one frame to the next.
    """

    images: NDArray[np.uint8]
    points: NDArray[np.float32]
    present: NDArray[np.float32]
    twins: int


class LandmarkSamples:
    """Draws batches from the cache of `split`."""

    def __init__(self, split: str, seed: int) -> None:
        self.crops = open_pictures(split, "crops")
        self._false = open_pictures(split, "false")
        self.points = read_cache_labels(split)["points"].astype(np.float32)
        self._backgrounds = open_backgrounds(split)
        self.random = np.random.default_rng(seed)
        weights = rate_faces(self.points)
        self._shares = np.cumsum(weights / weights.sum())

    def __len__(self) -> int:
        return len(self.points)

    def draw(self, count: int, twins: int) -> LandmarkBatch:
        """`count` crops, of which 2 * `twins` are pairs of the same face."""
        samples = [view for _ in range(twins) for view in self._draw_face(views=2)]
        while len(samples) < count:
            samples += [self._draw_nothing()] if self.random.random() < NEGATIVES else self._draw_face(views=1)
        images, points, present = zip(*samples, strict=True)
        return LandmarkBatch(np.stack(images), np.stack(points), np.array(present, dtype=np.float32), twins)

    def cut_plain(self, index: int, box: bool) -> tuple[Image, Points]:
        """The crop that the tracker would cut at inference, by box or by landmarks, as it is: for validation."""
        points = self.points[index]
        region = find_region(bounding_box(points) if box else points)
        return cut(self.crops[index], points, region.to_crop(CROP_SIZE), cv2.BORDER_REPLICATE)

    def pick(self) -> tuple[Image, Points]:
        """A loose crop of some face, mirrored at times, and its landmarks in it; rare ones oftener."""
        index = min(int(np.searchsorted(self._shares, self.random.random())), len(self.points) - 1)
        return mirror_at_times(self.crops[index], self.points[index], self.random)

    def _draw_face(self, views: int) -> list[Sample]:
        random = self.random
        image, points = self.pick()
        region = self._jitter(points)
        border = cv2.BORDER_REPLICATE if random.random() < 0.7 else cv2.BORDER_CONSTANT
        samples = []
        for view in range(views):
            seen = shake(region, random, 0.01) if view else region
            crop, moved = cut(image, points, seen.to_crop(CROP_SIZE), border)
            if random.random() < 0.2:
                crop = cover(crop, self.crops[random.integers(len(self.crops))], random)
            samples.append((spoil(crop, random), moved, 1.0))
        return samples

    def _draw_nothing(self) -> Sample:
        image, points = self.pick()
        return spoil(self._draw_negative(image, points), self.random), np.full_like(points, 0.5), 0.0

    def _jitter(self, points: Points) -> FaceRegion:
        """A region as a tracker or a detector would make of the face, not quite right."""
        random = self.random
        if random.random() < TRACKED:
            region = find_region(points)
            turn, spread, grow = random.normal(0, 0.10), 0.03, random.normal(0, 0.06)
        else:
            turn = find_region(points).angle + float(np.clip(random.normal(0, 0.35), -0.85, 0.85))
            upright = transform(points, FaceRegion((0, 0), 1.0, turn).to_crop(1))
            tight = bounding_box(upright)
            back = np.linalg.inv(FaceRegion((0, 0), 1.0, turn).to_crop(1)[:, :2])
            region = FaceRegion(tuple(back @ tight.center), max(tight.width, tight.height) * FILL, turn)
            turn, spread, grow = 0.0, 0.06, random.normal(0.02, 0.11)
        x, y = np.array(region.center) + random.normal(0, spread, 2) * region.side
        return FaceRegion((float(x), float(y)), region.side * float(np.exp(grow)), region.angle + float(turn))

    def _draw_negative(self, image: Image, points: Points) -> Image:
        random = self.random
        kind = random.random()
        if kind < 0.35 and len(self._false):
            side = CROP / LOOSE * float(np.exp(random.normal(0, 0.15)))
            x, y = CROP / 2 + random.normal(0, 0.1 * side, 2)
            region = FaceRegion((float(x), float(y)), side, random.normal(0, 0.4))
            image = self._false[random.integers(len(self._false))]
            return cut(image, points, region.to_crop(CROP_SIZE), cv2.BORDER_REPLICATE)[0]
        if kind < 0.6:
            return self._backgrounds.draw(CROP_SIZE, random)
        region = find_region(points)
        if kind < 0.8:  # beside the face
            away = random.uniform(0, 2 * np.pi)
            reach = random.uniform(0.6, 0.95) * region.side
            center = (region.center[0] + reach * np.cos(away), region.center[1] + reach * np.sin(away))
            region = FaceRegion(center, region.side * random.uniform(0.7, 1.2), random.normal(0, 0.4))
        elif kind < 0.9:  # a piece of it
            x, y = points[random.integers(landmarks.COUNT)]
            region = FaceRegion((float(x), float(y)), region.side * random.uniform(0.15, 0.4), random.normal(0, 0.5))
        else:  # upside down
            region = FaceRegion(region.center, region.side, region.angle + np.pi + random.normal(0, 0.5))
        return cut(image, points, region.to_crop(CROP_SIZE), cv2.BORDER_REPLICATE)[0]


def shake(region: FaceRegion, random: np.random.Generator, spread: float) -> FaceRegion:
    """`region` moved, scaled and turned by chance, `spread` (standard deviation) of its side, size and a radian."""
    x, y = np.array(region.center) + random.normal(0, spread, 2) * region.side
    grow, turn = random.normal(0, spread, 2)
    return FaceRegion((float(x), float(y)), region.side * float(np.exp(grow)), region.angle + float(turn))


def rate_faces(points: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N,) how often to draw each face: open mouths and side faces are rare, so more often."""
    width = np.linalg.norm(points[:, 92] - points[:, 76], axis=1)
    size = np.ptp(points, axis=1).max(axis=1)
    opening = np.linalg.norm(points[:, 71] - points[:, 61], axis=1) / size
    near, far = (np.linalg.norm(points[:, eye] - points[:, 122], axis=1) for eye in landmarks.EYE_OUTER_CORNERS)
    side = np.abs(near - far) / np.maximum(width, 1)
    rate: NDArray[np.float64] = 1 + np.clip(12 * opening, 0, 2) + np.clip(3 * side, 0, 3)
    return rate


def cut(image: Image, points: Points, affine: Affine, border: int, size: int = CROP_SIZE) -> tuple[Image, Points]:
    """The (size, size) crop that `affine` cuts, and the landmarks in it, 0..1 across it."""
    crop = cv2.warpAffine(image, affine, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)
    return as_image(crop), ((transform(points, affine) + 0.5) / size).astype(np.float32)
