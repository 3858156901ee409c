"""Puts together what the renderer learns from: a crop to repaint, other crops of its clip, and their key points."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heygem.domain import landmarks
from heygem.engines.alignment import Image, Points
from heygem.engines.mouth_drawing import CROP, draw
from heygem.engines.nets import key_point_warp
from heygem.engines.nets.renderer import FLOW_SIDE, REFERENCES
from heygem.engines.reference_choice import nearest, openest
from training.crops import RIM, Crops
from training.mirror import MIRROR

WEIGHTS: Final = {"talkers": 4.0, "lipreading_org": 4.0, "webcam_hackathon": 0.5, "lrw_ar": 0.5, "faces": 1.5}
_NEAR_S: Final = (0.1, 1.0)
_STABLE: Final = list(landmarks.STABLE)


@dataclass(frozen=True)
class Batch:
    """Pictures in -1..1 as Renderer.forward has them; `true` is the whole crop, `drawing` of its key points."""

    true: Tensor
    drawing: Tensor
    references: Tensor
    fields: Tensor


class Sampler:
    """Draws batches from crops; the same seed draws the same batches."""

    def __init__(self, crops: Crops, seed: int, augment: bool) -> None:
        self.crops = crops
        self._random = np.random.default_rng(seed)
        self._augment = augment
        self._opening = opening(crops.points) / CROP.scale
        self._rows = [np.flatnonzero(crops.clip == i) for i in range(len(crops.names))]
        weight = np.array([WEIGHTS.get(name.split("/")[-2], 1.0) for name in crops.names])[crops.clip]
        weight = weight * np.array([len(rows) >= 4 for rows in self._rows])[crops.clip]
        weight = weight * (1 + np.clip(self._opening / 0.06, 0, 2))  # open mouths are harder and rarer
        self._chance = weight / weight.sum()

    def draw(self, size: int) -> Batch:
        chosen = self._random.choice(len(self._chance), size, p=self._chance)
        return self.gather([(int(i), self.references(int(i))) for i in chosen])

    def references(self, row: int) -> list[int]:
        """As at run time: a frame near in time (there: the frame itself), one much alike and one with an open mouth."""
        rows, points = self._rows[self.crops.clip[row]], self.crops.points
        away = np.abs(self.crops.time[rows] - self.crops.time[row])
        others = rows[away > 0.09] if (away > 0.09).sum() >= 3 else rows[rows != row]
        near = rows[(away > _NEAR_S[0]) & (away < _NEAR_S[1])]
        if len(near) < 2 or self._random.random() < 0.1:
            near = others
        turned = np.linalg.norm(points[near][:, _STABLE] - points[row][_STABLE], axis=-1).mean(axis=-1)
        chance = (np.abs(self._opening[near] - self._opening[row]) + 0.02) / (1.0 + turned) ** 2
        first = self._random.choice(near, p=chance / chance.sum())
        bank = self._random.choice(others, min(12, len(others)), replace=False)
        if self._random.random() < 0.15:
            bank = bank[:3]
        alike = bank[nearest(points[row], points[bank])]
        wide = bank[openest(points[row], points[bank], self._opening[bank] * CROP.scale)]
        return [int(first), int(alike), int(wide)]

    def gather(self, wanted: list[tuple[int, list[int]]]) -> Batch:
        targets, drawings, references, places = [], [], [], []
        for row, others in wanted:
            colour = self._colour_table()
            mirror = self._augment and self._random.random() < 0.5
            common = self._random.integers(-RIM + 3, RIM - 2, 2) if self._augment else np.zeros(2, int)
            noise = self._noise()
            faults = [(common, noise), (common, noise)] + [self._fault(common) for _ in others[1:]]
            cut = [self._cut(i, *fault, mirror) for i, fault in zip((row, *others), faults, strict=True)]
            images = [cv2.LUT(image, colour) for image, _ in cut]
            drawn = [draw(points, CROP.size) for _, points in cut]
            targets.append(images[0])
            drawings.append(drawn[0])
            pairs = zip(images[1:], drawn[1:], strict=True)
            references.append(np.stack([np.dstack([image, inner[..., 1]]) for image, inner in pairs]))
            places.append(np.stack([points for _, points in cut]))
        return to_batch(np.stack(targets), np.stack(drawings), np.stack(references), np.stack(places))

    def _noise(self) -> Points:
        """A tracker's small faults, (131, 2) in pixels."""
        if not self._augment:
            return np.zeros((landmarks.COUNT, 2), dtype=np.float32)
        noise = self._random.normal(0, 0.25, (landmarks.COUNT, 2)) + self._random.normal(0, 0.35, 2)
        return noise.astype(np.float32)

    def _fault(self, common: NDArray[np.int64]) -> tuple[NDArray[np.int64], Points]:
        """Another crop is cut a little beside this one, and tracked with other faults."""
        return common + (self._random.integers(-2, 3, 2) if self._augment else 0), self._noise()

    def _cut(self, row: int, shift: NDArray[np.int64], noise: Points, mirror: bool) -> tuple[Image, Points]:
        """A crop and its points, shifted and mirrored."""
        shift = shift + RIM
        image = self.crops.images[row][shift[1] : shift[1] + CROP.size, shift[0] : shift[0] + CROP.size]
        points = self.crops.points[row] + noise - shift.astype(np.float32)
        if mirror:
            image = np.ascontiguousarray(image[:, ::-1])
            points = points[MIRROR] * [-1, 1] + [CROP.size - 1, 0]
        return image, points.astype(np.float32)

    def _colour_table(self) -> NDArray[np.uint8]:
        """(256, 1, 3): a change of exposure, contrast and tint."""
        x = np.linspace(0, 1, 256)[:, None].repeat(3, axis=1)
        if self._augment:
            gamma = np.exp(self._random.normal(0, 0.15) + self._random.normal(0, 0.04, 3))
            x = x**gamma * (1 + self._random.normal(0, 0.08)) + self._random.normal(0, 0.02)
        return np.clip(x * 255 + 0.5, 0, 255).astype(np.uint8)[:, None, :]


def opening(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The gap between the inner lips' middles, in the unit of `points` (..., 131, 2)."""
    return np.asarray(np.linalg.norm(points[..., 71, :] - points[..., 61, :], axis=-1))


def to_batch(
    images: NDArray[np.uint8], drawings: NDArray[np.uint8], references: NDArray[np.uint8], points: NDArray[np.float32]
) -> Batch:
    """Tensors of (B, S, S, 3), (B, S, S, 3), (B, R, S, S, 4) and key points (B, 1 + R, 131, 2) in crop pixels."""
    assert references.shape[1] == REFERENCES
    scaled = torch.from_numpy((points + 0.5) * (2 / CROP.size) - 1).float()
    pictures = torch.from_numpy(references).permute(0, 1, 4, 2, 3).float() / 127.5 - 1
    pictures[:, :, 3] = pictures[:, :, 3] / 2 + 0.5
    return Batch(
        true=torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1,
        drawing=torch.from_numpy(drawings).permute(0, 3, 1, 2).float() / 255,
        references=pictures,
        fields=key_point_warp.flow(scaled[:, 0], scaled[:, 1:], FLOW_SIDE),
    )
