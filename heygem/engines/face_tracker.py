"""Finds faces in frames and the landmarks of each: numpy in, numpy out, the networks inside.

Which face is followed, when the detector is asked and how tracks are smoothed is the pipeline's to say. A face's box is
the tight box of its 131 landmarks: from the top of the forehead to the chin, ear to ear, and nothing around it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from heygem.domain import landmarks
from heygem.domain.landmarks import Box
from heygem.engines.alignment import Affine, Image, Points, as_image, invert, transform, warp_crop
from heygem.engines.face_region import RegionSource, bounding_box, find_mouth_region, find_region
from heygem.engines.nets.face_detector import MULTIPLE, FaceDetectorNet, decode_boxes
from heygem.engines.nets.landmarker import CROP_SIZE as FACE_SIZE
from heygem.engines.nets.landmarker import LandmarkNet
from heygem.engines.nets.lip_refiner import CROP_SIZE as MOUTH_SIZE
from heygem.engines.nets.lip_refiner import LipNet
from heygem.engines.nets.residual import fold_norms, prepare_input
from heygem.engines.weights import identify_weights, load_weights, read_metadata

DETECTOR_FILE: Final = "face_detector.safetensors"
LANDMARKER_FILE: Final = "face_landmarker.safetensors"
LIPS_FILE: Final = "lip_refiner.safetensors"

INPUT_AREA: Final = 256 * 256  # about how many pixels of a frame the detector sees
MIN_SCORE: Final = 0.25  # to be suspected of being a face
MIN_PRESENCE: Final = 0.5  # to be taken for one
MIN_AGREEMENT: Final = 0.3  # overlap of the suspected box and that of the landmarks
MAX_OVERLAP: Final = 0.4  # of two boxes that overlap more, the less sure one goes
MAX_FACES: Final = 16
MAX_SUSPICIONS: Final = 64


@dataclass(frozen=True)
class Detection:
    """A face: `box` in frame pixels, `score` in 0..1."""

    box: Box
    score: float


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
        upright = iter([points for points, _ in self._find_once(frame, boxes)])
        return self._find_once(frame, [next(upright) if isinstance(roi, Box) else roi for roi in rois])

    def _find_once(self, frame: Image, rois: Sequence[RegionSource]) -> list[tuple[Points, float]]:
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
        crops = np.stack([warp_crop(frame, affine, size) for affine in affines])
        return net(prepare_input(torch.from_numpy(crops).to(self._device)))


class FaceDetector:
    """Looks through whole frames; what it suspects, the landmarker confirms and gives the exact box.

    Faces of less than about 6 % of the frame's height are not found.
    """

    def __init__(self, net: nn.Module, landmarker: FaceLandmarker, device: torch.device) -> None:
        self._net = fold_norms(net).to(device)
        self._landmarker = landmarker
        self._device = device

    def detect(self, frame: Image) -> list[Detection]:
        """All faces in `frame` (H, W, 3) uint8 BGR, the surest first; none twice."""
        suspected = drop_doubles(self.suspect(frame))[:MAX_FACES]
        faces = self._landmarker.find_faces(frame, [detection.box for detection in suspected])
        return drop_doubles(
            [
                Detection(bounding_box(points), presence * suspicion.score**0.5)
                for suspicion, (points, presence) in zip(suspected, faces, strict=True)
                if presence > MIN_PRESENCE and overlap(bounding_box(points), suspicion.box) > MIN_AGREEMENT
            ]
        )

    @torch.inference_mode()
    def suspect(self, frame: Image) -> list[Detection]:
        """What the detector's own network holds for faces, some of them twice and some wrongly."""
        picture, scale = _letterbox(frame)
        logits, boxes = self._net(prepare_input(torch.from_numpy(picture[None]).to(self._device)))
        score, box = _peaks(logits[0], decode_boxes(boxes)[0])
        reach = 0.25 * max(frame.shape[:2])
        # From the small picture's edges to pixels whose centres are at whole coordinates.
        corners = np.clip(box / scale - 0.5, -reach, max(frame.shape[:2]) + reach)
        return [Detection(Box(*map(float, c)), float(s)) for c, s in zip(corners, score, strict=True)]


@dataclass(frozen=True)
class FaceTrackerModels:
    """The networks, loaded; `weights_id` changes with the weights."""

    detector: FaceDetector
    landmarker: FaceLandmarker
    weights_id: str


def load_face_tracker(models: Path, device: torch.device) -> FaceTrackerModels:
    """The networks with their weights from the folder `models`. Raises WeightsError."""
    paths = models / DETECTOR_FILE, models / LANDMARKER_FILE, models / LIPS_FILE
    configs = [read_metadata(path)["config"] for path in paths]
    detector = FaceDetectorNet(tuple(configs[0]["channels"]), configs[0]["width"])
    landmarker, lips = LandmarkNet(tuple(configs[1]["channels"])), LipNet(tuple(configs[2]["channels"]))
    for net, path in zip((detector, landmarker, lips), paths, strict=True):
        net.load_state_dict(load_weights(path))
    finder = FaceLandmarker(landmarker, lips, device)
    return FaceTrackerModels(FaceDetector(detector, finder, device), finder, identify_weights(*paths))


def _letterbox(frame: Image) -> tuple[Image, float]:
    """`frame` scaled to INPUT_AREA and filled up with black to the right and below; the scale."""
    height, width = frame.shape[:2]
    scale = (INPUT_AREA / (height * width)) ** 0.5
    size = max(8, round(width * scale)), max(8, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(frame, size, interpolation=how)
    right, bottom = -size[0] % MULTIPLE, -size[1] % MULTIPLE
    return as_image(cv2.copyMakeBorder(small, 0, bottom, 0, right, cv2.BORDER_CONSTANT)), scale


def _peaks(logits: Tensor, boxes: Tensor) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The scores (K,) and boxes (K, 4) of the cells of (h, w) that are surer than their neighbours."""
    highest = functional.max_pool2d(logits[None, None], 3, 1, 1)[0, 0]
    chance = logits.sigmoid()
    ys, xs = torch.nonzero((logits == highest) & (chance > MIN_SCORE), as_tuple=True)
    score = chance[ys, xs]
    order = score.argsort(descending=True)[:MAX_SUSPICIONS]
    return score[order].cpu().numpy(), boxes[ys[order], xs[order]].cpu().numpy()


def drop_doubles(found: Sequence[Detection]) -> list[Detection]:
    """`found`, the surest first, without boxes that overlap a surer one."""
    kept: list[Detection] = []
    for detection in sorted(found, key=lambda d: -d.score):
        if all(overlap(detection.box, other.box) < MAX_OVERLAP for other in kept):
            kept.append(detection)
    return kept


def overlap(a: Box, b: Box) -> float:
    """Intersection over union, 0..1."""
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    both = max(0.0, width) * max(0.0, height)
    return both / max(a.area + b.area - both, 1e-9)
