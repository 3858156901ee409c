"""MediaPipe's Face Landmarker, a second opinion on difficult faces, run by OpenCV from its published file.

Not through the package mediapipe, which since 0.10.35 tells its makers of its use. Sources: Bazarevsky et al.,
BlazeFace, 2019; Kartynnik et al., Real-time facial surface geometry from monocular video on mobile GPUs, 2019.
"""

import threading
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from heygem.domain.errors import WeightsError
from heygem.domain.landmarks import Box
from heygem.engines.alignment import Image, Points, as_image, invert, transform, warp_crop
from heygem.engines.face_region import FILL, FaceRegion, find_region
from heygem.engines.mesh_vertices import MESH_VERTICES

_LOOK: Final = 128  # pixels a side of what the detector sees, the whole frame
_MESH: Final = 256  # and of what the mesh is found in
_ROOM: Final = 1.5  # a face's square is so many times as wide as the face
_MIN_SCORE: Final = 0.5
_MAX_OVERLAP: Final = 0.3
_GRIDS: Final = ((16, 2), (8, 6))  # cells a side, and guesses for each of them
_DETECTOR: Final = "face_detector.tflite"
_LANDMARKER: Final = "face_landmarks_detector.tflite"


@dataclass(frozen=True)
class _Suspicion:
    """A face of the detector's: where to look for its landmarks, turned as its eyes are."""

    region: FaceRegion
    box: Box
    score: float


class FaceTask:
    """For several threads, which wait for one another."""

    def __init__(self, detector: Any, landmarker: Any) -> None:
        self._detector = detector
        self._landmarker = landmarker
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: Path) -> "FaceTask":
        """From face_landmarker.task. Raises WeightsError."""
        try:
            with zipfile.ZipFile(path) as archive, TemporaryDirectory() as folder:
                # From memory OpenCV 5 always takes its new engine, which mixes up the outputs of these networks.
                files = [archive.extract(name, folder) for name in (_DETECTOR, _LANDMARKER)]
                return cls(*(cv2.dnn.readNetFromTFLite(file, cv2.dnn.ENGINE_CLASSIC) for file in files))
        except (OSError, KeyError, zipfile.BadZipFile, cv2.error) as error:
            raise WeightsError(path=str(path), reason=str(error).strip() or type(error).__name__) from error

    def find_faces(self, frame: Image) -> list[tuple[Points, float]]:
        """The landmarks (131, 2) in frame pixels of each face in `frame`, and how sure it is, 0..1."""
        faces = [self._look_twice(frame, suspicion.region) for suspicion in self._suspect(frame)]
        return [(points, presence) for points, presence in faces if presence > _MIN_SCORE]

    def find(self, frame: Image, last: Points) -> tuple[Points, float]:
        """The landmarks of the face that had the landmarks `last` a moment ago."""
        return self._look(frame, _widen(find_region(last)))

    def _look_twice(self, frame: Image, region: FaceRegion) -> tuple[Points, float]:
        """Once more in the square that the first look tells, as in a video."""
        points, presence = self._look(frame, region)
        return self.find(frame, points) if presence > _MIN_SCORE else (points, presence)

    def _look(self, frame: Image, region: FaceRegion) -> tuple[Points, float]:
        affine = region.to_crop(_MESH)
        picture = cv2.dnn.blobFromImage(warp_crop(frame, affine, _MESH), 1 / 255, swapRB=True)
        mesh, presence = self._run(self._landmarker, picture, ("Identity", "Identity_1"))
        in_crop = mesh.reshape(-1, 3)[list(MESH_VERTICES), :2] - np.float32(0.5)
        return transform(in_crop, invert(affine)), float(expit(presence.item()))

    def _suspect(self, frame: Image) -> list[_Suspicion]:
        """The surest first, none twice."""
        height, width = frame.shape[:2]
        scale = _LOOK / max(height, width)
        small = cv2.resize(
            frame, (max(1, round(width * scale)), max(1, round(height * scale))), None, 0, 0, cv2.INTER_AREA
        )
        right, bottom = _LOOK - small.shape[1], _LOOK - small.shape[0]
        whole = cv2.copyMakeBorder(small, 0, bottom, 0, right, cv2.BORDER_CONSTANT)
        picture = cv2.dnn.blobFromImage(as_image(whole), 1 / 127.5, mean=(127.5,) * 3, swapRB=True)
        places, logits = self._run(self._detector, picture, ("regressors", "classificators"))
        scores = expit(logits.reshape(-1))
        guesses = places.reshape(len(scores), -1)
        kept: list[_Suspicion] = []
        for row in scores.argsort()[::-1]:
            if scores[row] < _MIN_SCORE:
                break
            found = _read_place(guesses[row], _centers()[row], scale, float(scores[row]))
            if all(found.box.overlap(other.box) < _MAX_OVERLAP for other in kept):
                kept.append(found)
        return kept

    def _run(self, net: Any, picture: object, outputs: tuple[str, ...]) -> list[NDArray[np.float32]]:
        with self._lock:
            net.setInput(picture)
            return [net.forward(output) for output in outputs]


@cache
def _centers() -> NDArray[np.float32]:
    """(896, 2): the middles of the cells that the detector's guesses belong to, in its pixels."""
    cells = []
    for side, guesses in _GRIDS:
        axis = (np.arange(side, dtype=np.float32) + 0.5) * (_LOOK / side)
        grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        cells.append(np.repeat(grid, guesses, axis=0))
    return np.concatenate(cells)


def _read_place(values: NDArray[np.float32], center: NDArray[np.float32], scale: float, score: float) -> _Suspicion:
    """Of the detector's 16 values: middle, size and six points, of which the first two are the eyes."""
    x, y = (values[:2] + center) / scale
    width, height = values[2:4] / scale
    (left_x, left_y), (right_x, right_y) = values[4:8].reshape(2, 2)
    angle = float(np.arctan2(right_y - left_y, right_x - left_x))
    box = Box(float(x - width / 2), float(y - height / 2), float(x + width / 2), float(y + height / 2))
    region = FaceRegion((float(x) - 0.5, float(y) - 0.5), max(float(width), float(height), 1.0) * _ROOM, angle)
    return _Suspicion(region, box, score)


def _widen(region: FaceRegion) -> FaceRegion:
    return FaceRegion(region.center, region.side * _ROOM / FILL, region.angle)
