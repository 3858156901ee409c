"""Finds the landmarks of faces whose place is roughly known: numpy in, numpy out, two networks inside."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from heygem.domain import landmarks
from heygem.domain.landmarks import Box
from heygem.engines.alignment import Affine, Image, Points, as_image, invert, transform, warp_crop
from heygem.engines.face_region import RegionSource, find_mouth_region, find_region
from heygem.engines.nets.landmarker import CROP_SIZE as FACE_SIZE
from heygem.engines.nets.lip_refiner import CROP_SIZE as MOUTH_SIZE
from heygem.engines.nets.residual import fold_norms, prepare_input
from heygem.engines.one_thread import one_thread


class FaceLandmarker:
    """Finds the landmarks of a face whose place is roughly known: first all, then the lips once more by themselves."""

    def __init__(self, net: nn.Module, lips: nn.Module, device: torch.device) -> None:
        self._net = fold_norms(net).to(device)
        self._lips = fold_norms(lips).to(device)
        self._device = device

    def find(self, frame: Image, roi: RegionSource) -> tuple[Points, float]:
        """The landmarks (131, 2) in frame pixels of the face in `roi`, and how sure it is that there is one, 0..1.

        `roi` is a box from the detector, or the landmarks of the frame before. From a box the search is done twice,
        the second time with the face upright.
        """
        return self.find_many(frame, [roi])[0]

    def find_many(self, frame: Image, rois: Sequence[RegionSource]) -> list[tuple[Points, float]]:
        """As `find`, for several faces of one frame at once."""
        faces = self.find_faces(frame, rois)
        self._refine_lips(frame, [points for points, _ in faces])
        return faces

    def find_faces(self, frame: Image, rois: Sequence[RegionSource]) -> list[tuple[Points, float]]:
        """As `find_many`, with lips that are not as exact."""
        boxes = [roi for roi in rois if isinstance(roi, Box)]
        upright = iter([points for points, _ in self.look(frame, boxes)])
        return self.look(frame, [next(upright) if isinstance(roi, Box) else roi for roi in rois])

    def look(self, frame: Image, rois: Sequence[RegionSource]) -> list[tuple[Points, float]]:
        """As `find_faces`, once and no more, even from a box."""
        if not rois:
            return []
        affines = [find_region(roi).to_crop(FACE_SIZE) for roi in rois]
        points, presence = self._run(self._net, frame, affines, FACE_SIZE)
        in_crops: NDArray[np.float32] = (points * FACE_SIZE - 0.5).cpu().numpy()
        sure = presence.sigmoid().cpu().numpy()
        return [
            (transform(crop_points, invert(affine)), float(chance))
            for crop_points, affine, chance in zip(in_crops, affines, sure, strict=True)
        ]

    def _refine_lips(self, frame: Image, faces: Sequence[Points]) -> None:
        """Replace the lips of each of `faces`, in place."""
        if not faces:
            return
        affines = [find_mouth_region(points).to_crop(MOUTH_SIZE) for points in faces]
        lips: NDArray[np.float32] = (self._run(self._lips, frame, affines, MOUTH_SIZE) * MOUTH_SIZE - 0.5).cpu().numpy()
        for points, found, affine in zip(faces, lips, affines, strict=True):
            points[landmarks.LIPS] = transform(found, invert(affine))

    @torch.inference_mode()
    def _run(self, net: nn.Module, frame: Image, affines: Sequence[Affine], size: int) -> Any:
        crops = np.stack([_cut(frame, affine, size) for affine in affines])
        with one_thread():
            return net(prepare_input(torch.from_numpy(crops).to(self._device)))


def _cut(frame: Image, affine: Affine, size: int) -> Image:
    """The (size, size, 3) crop; large faces are shrunk by a whole number first: fast, and without aliasing."""
    step = int(1 / max(float(np.hypot(*affine[:, 0])), 1e-3))
    if step < 2:
        return warp_crop(frame, affine, size)
    corners = transform(np.array([[0, 0], [size, 0], [0, size], [size, size]], np.float32), invert(affine))
    height, width = frame.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=0)) - step, 0, [width - step, height - step]).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)) + step, [left + step, top + step], [width, height]).astype(int)
    shape = (int(right - left) // step, int(bottom - top) // step)
    part = frame[top : top + shape[1] * step, left : left + shape[0] * step]
    small = as_image(cv2.resize(part, shape, interpolation=cv2.INTER_AREA))
    # Pixel u of the small picture is the mean of step pixels, whose middle is at left + u * step + (step - 1) / 2.
    middle = np.array([left, top]) + (step - 1) / 2
    moved = np.hstack([affine[:, :2] * step, (affine[:, :2] @ middle + affine[:, 2])[:, None]])
    return as_image(cv2.warpAffine(small, moved, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))
