"""Asks another tracker about faces that the own one does not find: turned far, lying on their side, or in the dark."""

from collections.abc import Sequence
from dataclasses import dataclass

from heygem.domain.landmarks import Box
from heygem.engines.alignment import Image, Points
from heygem.engines.face_detector import MIN_AGREEMENT, MIN_PRESENCE, Detection, FaceDetector
from heygem.engines.face_landmarker import FaceLandmarker
from heygem.engines.face_region import bounding_box
from heygem.engines.face_task import FaceTask


@dataclass(frozen=True)
class SecondDetector:
    """Finds faces as `own` does; where that finds none, as `other` does."""

    own: FaceDetector
    other: FaceTask

    def detect(self, frame: Image) -> Sequence[Detection]:
        """All faces in `frame` (H, W, 3) uint8 BGR, the surest first."""
        if found := self.own.detect(frame):
            return found
        faces = self.other.find_faces(frame)
        return [Detection(bounding_box(points), presence) for points, presence in faces]


@dataclass(frozen=True)
class SecondLandmarker:
    """Finds landmarks as `own` does; where that sees no face, as `other` does."""

    own: FaceLandmarker
    other: FaceTask

    def find(self, frame: Image, roi: Box | Points) -> tuple[Points, float]:
        """The landmarks of the face in `roi` (a box, or the landmarks in the frame before) and its presence, 0..1."""
        points, presence = self.own.find(frame, roi)
        if presence >= MIN_PRESENCE:
            return points, presence
        if not isinstance(roi, Box):
            theirs, chance = self.other.find(frame, roi)
            if chance >= MIN_PRESENCE:
                return theirs, chance
        place = roi if isinstance(roi, Box) else bounding_box(roi)
        near = [face for face in self.other.find_faces(frame) if bounding_box(face[0]).overlap(place) > MIN_AGREEMENT]
        return near[0] if near else (points, presence)
