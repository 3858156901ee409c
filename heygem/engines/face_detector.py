"""Finds faces in whole frames: numpy in, numpy out.

A face's box is the tight box of its 131 landmarks: from the top of the forehead to the chin, ear to ear, and nothing
around it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from heygem.domain.landmarks import Box
from heygem.engines.alignment import Image, Points, as_image
from heygem.engines.face_landmarker import FaceLandmarker
from heygem.engines.face_region import bounding_box
from heygem.engines.nets.face_detector import MULTIPLE, decode_boxes
from heygem.engines.nets.residual import fold_norms, prepare_input
from heygem.engines.one_thread import one_thread

INPUT_AREAS: Final = (256 * 256, 480 * 480)  # about how many pixels of a frame are looked at; more if nothing is found
MIN_SCORE: Final = 0.25  # to be suspected of being a face
MIN_PRESENCE: Final = 0.5  # to be taken for one
MIN_AGREEMENT: Final = 0.3  # overlap of the suspected box and that of the landmarks
MAX_WANDERING: Final = 0.028  # of the face's height: how far landmarks may move when they are looked for again
MAX_OVERLAP: Final = 0.4  # of two boxes that overlap more, the less sure one goes
MIN_SHARE: Final = 0.5  # of the surest face's score: beside a clear face, what is half as sure is a mistake
MAX_SUSPICIONS: Final = 24


@dataclass(frozen=True)
class Detection:
    """A face: `box` in frame pixels, `score` in 0..1."""

    box: Box
    score: float


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
        for area in INPUT_AREAS:
            if found := self._confirm(frame, drop_doubles(self.suspect(frame, area))):
                return found
        return []

    @torch.inference_mode()
    def suspect(self, frame: Image, area: int) -> list[Detection]:
        """What the detector's own network holds for faces when it sees `area` pixels, some twice and some wrongly."""
        picture, scale = _letterbox(frame, area)
        with one_thread():
            logits, boxes = self._net(prepare_input(torch.from_numpy(picture[None]).to(self._device)))
            score, box = _peaks(logits[0], decode_boxes(boxes)[0])
        reach = 0.25 * max(frame.shape[:2])
        # From the small picture's edges to pixels whose centres are at whole coordinates.
        corners = np.clip(box / scale - 0.5, -reach, max(frame.shape[:2]) + reach)
        return [Detection(Box(*map(float, c)), float(s)) for c, s in zip(corners, score, strict=True)]

    def _confirm(self, frame: Image, suspected: Sequence[Detection]) -> list[Detection]:
        """Those that have landmarks which stay where they are when looked for again: a mistake's wander."""
        first = self._landmarker.look(frame, [suspicion.box for suspicion in suspected])
        maybe = [(s, points) for s, (points, presence) in zip(suspected, first, strict=True) if presence > MIN_PRESENCE]
        second = self._landmarker.look(frame, [points for _, points in maybe])
        third = self._landmarker.look(frame, [points for points, _ in second])
        faces = []
        for (suspicion, _), (points, presence), (same_points, again) in zip(maybe, second, third, strict=True):
            box, sure = bounding_box(same_points), min(presence, again)
            is_steady = _wandering(points, same_points) < MAX_WANDERING * box.height
            if sure > MIN_PRESENCE and is_steady and box.overlap(suspicion.box) > MIN_AGREEMENT:
                faces.append(Detection(box, sure * suspicion.score**0.5))
        return drop_doubtful(drop_doubles(faces))


def _letterbox(frame: Image, area: int) -> tuple[Image, float]:
    """`frame` scaled to `area` pixels and filled up with black to the right and below; the scale."""
    height, width = frame.shape[:2]
    scale = (area / (height * width)) ** 0.5
    size = max(8, round(width * scale)), max(8, round(height * scale))
    if scale <= 0.5:  # by a power of two first, which is fast and most frames can be divided by
        step = 2 ** int(math.log2(1 / scale))
        frame = as_image(cv2.resize(frame, (width // step, height // step), interpolation=cv2.INTER_AREA))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR)
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


def _wandering(first: Points, second: Points) -> float:
    return float(np.linalg.norm(first - second, axis=1).mean())


def drop_doubles(found: Sequence[Detection]) -> list[Detection]:
    """`found`, the surest first, without boxes that overlap a surer one."""
    kept: list[Detection] = []
    for detection in sorted(found, key=lambda d: -d.score):
        if all(detection.box.overlap(other.box) < MAX_OVERLAP for other in kept):
            kept.append(detection)
    return kept


def drop_doubtful(found: Sequence[Detection]) -> list[Detection]:
    """`found` without those that are far less sure than the surest of them."""
    best = max((detection.score for detection in found), default=0.0)
    return [detection for detection in found if detection.score >= MIN_SHARE * best]
