"""Synthetic faces: the mean face, placed, turned and opened at will, and a fake tracker that finds it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from heygem.domain import landmarks
from heygem.domain.landmarks import Box
from heygem.engines.alignment import Image, Points, mean_face
from heygem.engines.face_region import bounding_box


def place_face(x: float, y: float, unit: float = 60.0, opening: float = 0.05, turn: float = 0.0) -> Points:
    """The mean face with its eyes' middle at (x, y), `unit` pixels between the outer eye corners.

    `opening` is the gap between the lips and `turn` shifts the nose sideways, both in face units.
    """
    face = mean_face().copy()
    upper, lower = landmarks.LIP_INNER_MIDDLES
    gap = float(face[lower, 1] - face[upper, 1])
    for part in (landmarks.LIPS_INNER, landmarks.LIPS_OUTER):
        middle = face[part, 1].mean()
        face[part, 1] += np.sign(face[part, 1] - middle) * (opening - gap) / 2
    face[landmarks.NOSE, 0] += turn
    return (face * unit + np.array([x, y])).astype(np.float32)


@dataclass(frozen=True)
class FakeDetection:
    box: Box
    score: float = 1.0


@dataclass
class ScriptedTracker:
    """Finds the faces that a script puts into each frame; a frame carries its number in its first pixel.

    Stands in for both networks: the detector sees every face, the landmarker the one nearest to its region.
    """

    script: Mapping[int, list[Points]]
    detected: list[int] = field(default_factory=list)

    def detect(self, frame: Image) -> list[FakeDetection]:
        self.detected.append(frame_number(frame))
        return [FakeDetection(bounding_box(points)) for points in self.script.get(frame_number(frame), [])]

    def find(self, frame: Image, roi: Box | Points) -> tuple[Points, float]:
        box = roi if isinstance(roi, Box) else bounding_box(roi)
        faces = self.script.get(frame_number(frame), [])
        near = [
            points for points in faces if np.hypot(*(np.array(bounding_box(points).center) - box.center)) < box.width
        ]
        if not near:
            return place_face(*box.center), 0.1
        return min(near, key=lambda points: np.hypot(*(np.array(bounding_box(points).center) - box.center))), 0.9


def numbered_frame(number: int, shade: int = 90) -> Image:
    """A plain frame that says which one it is."""
    frame = np.full((240, 426, 3), shade, np.uint8)
    frame[0, 0] = number % 256, number // 256, 0
    return frame


def frame_number(frame: Image) -> int:
    return int(frame[0, 0, 0]) + 256 * int(frame[0, 0, 1])
