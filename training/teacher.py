"""The teacher: finds our 131 landmarks with MediaPipe's Face Landmarker, frame after frame of one clip.

Used for training and tests alone. Its weights lie in the folder of teachers and are never shipped.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import cv2
import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from numpy.typing import NDArray

from heygem.engines.alignment import Image, as_image
from heygem.engines.mesh_vertices import MESH_VERTICES

SMALL: Final = 448  # frames with a shorter side than this are enlarged to it, or small faces are missed
STILL_BORDER: Final = 0.25  # of the frame: tight face crops are framed with this much grey, or the face is missed


class Teacher:
    """Follows one face through the frames of one clip. Not for several clips: it remembers the face."""

    def __init__(self, landmarker: vision.FaceLandmarker, fps: float, border: float = 0.0) -> None:
        self._landmarker = landmarker
        self._fps = fps
        self._border = border
        self._index = 0

    def find(self, frame: Image) -> NDArray[np.float32] | None:
        """(131, 3) x, y in pixels of `frame` (H, W, 3) BGR and depth in the same unit, or None."""
        height, width = frame.shape[:2]
        margin = round(self._border * max(height, width))
        if margin:
            grey = (96, 96, 96)
            frame = as_image(cv2.copyMakeBorder(frame, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=grey))
        scale = max(1.0, SMALL / min(frame.shape[:2]))
        if scale > 1:
            frame = as_image(cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR))
        picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        found = self._landmarker.detect_for_video(picture, round(self._index * 1000 / self._fps))
        self._index += 1
        if not found.face_landmarks:
            return None
        mesh = found.face_landmarks[0]
        full = np.array([[p.x, p.y, p.z] for p in (mesh[i] for i in MESH_VERTICES)], dtype=np.float32)
        size = np.array([frame.shape[1], frame.shape[0], frame.shape[1]], dtype=np.float32)
        # MediaPipe counts from the corner of the first pixel; a pixel's centre is at whole coordinates here.
        half = np.array([0.5, 0.5, 0.0], dtype=np.float32)
        shift = np.array([margin, margin, 0], dtype=np.float32)
        in_frame: NDArray[np.float32] = full * size / scale - shift - half
        return in_frame


@contextmanager
def open_teacher(folder: Path, fps: float, border: float = 0.0) -> Iterator[Teacher]:
    """A fresh teacher for one clip of `fps`; `folder` holds face_landmarker.task."""
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(folder / "face_landmarker.task")),
        running_mode=vision.RunningMode.VIDEO,
        num_faces=1,
    )
    landmarker = vision.FaceLandmarker.create_from_options(options)
    try:
        yield Teacher(landmarker, fps, border)
    finally:
        landmarker.close()


def find_face_region(frames: Iterable[Image], folder: Path) -> tuple[int, int, int, int] | None:
    """The square (left, top, right, bottom) in which the largest face of a clip stays, or None; by YuNet.

    For faces that are too small in their frame for the Face Landmarker's own detector.
    """
    boxes = []
    size = (0, 0)
    for frame in frames:
        size = (frame.shape[1], frame.shape[0])
        found = find_boxes(frame, folder)
        if len(found):
            boxes.append(found[np.argmax(found[:, 2] * found[:, 3])])
    if not boxes:
        return None
    left, top, width, height = np.median(np.array(boxes), axis=0)
    side = 3.0 * max(width, height)
    x, y = left + width / 2 - side / 2, top + height / 2 - side / 2
    return max(0, int(x)), max(0, int(y)), min(size[0], int(x + side)), min(size[1], int(y + side))


def find_boxes(frame: Image, folder: Path, threshold: float = 0.7) -> NDArray[np.float32]:
    """The faces that YuNet sees: (N, 4) left, top, width, height in pixels. `folder` holds its weights."""
    path = str(folder / "face_detection_yunet_2023mar.onnx")
    scale = min(1.0, 640 / max(frame.shape[:2]))
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    detector = _open_yunet(path, threshold)
    detector.setInputSize((small.shape[1], small.shape[0]))
    found = detector.detect(small)[1]
    return np.zeros((0, 4), np.float32) if found is None else np.asarray(found[:, :4] / scale, np.float32)


@cache
def _open_yunet(path: str, threshold: float) -> cv2.FaceDetectorYN:
    return cv2.FaceDetectorYN.create(path, "", (320, 320), threshold)
