"""Follows one face through a video: which one by rule, then by position, taken up again after every cut."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np

from heygem.domain import landmarks
from heygem.domain.errors import FaceChoiceError
from heygem.domain.job import FaceChoice, FaceRule
from heygem.domain.landmarks import Box
from heygem.engines.alignment import Image, Points
from heygem.engines.face_region import bounding_box
from heygem.pipeline.face_track import FaceTrack

TRACKER_VERSION: Final = 3  # goes into the names of cached tracks: raise it when tracks come out differently

DETECT_EVERY: Final = 25  # frames between looks for the face that is followed anyway
MIN_PRESENCE: Final = 0.5
CUT_DIFFERENCE: Final = 28.0  # mean absolute difference of grey thumbnails, of 255
_THUMBNAIL: Final = (64, 36)
_SAMPLES: Final = (256, 144)  # pixels that thumbnails are made of: to look at all of them is slower


class Detection(Protocol):
    @property
    def box(self) -> Box: ...

    @property
    def score(self) -> float: ...


class Detector(Protocol):
    def detect(self, frame: Image) -> Sequence[Detection]: ...


class Landmarker(Protocol):
    def find(self, frame: Image, roi: Box | Points) -> tuple[Points, float]:
        """The landmarks of the face in `roi` (a box, or the landmarks in the frame before) and its presence, 0..1."""
        ...


class CutFinder:
    """Tells from thumbnails where a shot ends: a sudden change that stands out from the movement before it."""

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._usual = 0.0

    def is_cut(self, frame: Image) -> bool:
        samples = cv2.resize(frame, _SAMPLES, interpolation=cv2.INTER_NEAREST)
        thumbnail = cv2.cvtColor(cv2.resize(samples, _THUMBNAIL, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
        last, self._last = self._last, thumbnail
        if last is None:
            return False
        difference = float(cv2.absdiff(thumbnail, last).mean())
        is_cut = difference > CUT_DIFFERENCE and difference > 4 * self._usual
        self._usual = 0.0 if is_cut else 0.8 * self._usual + 0.2 * difference
        return is_cut


@dataclass
class _Follower:
    """The face that is followed within one shot."""

    choice: FaceChoice
    points: Points | None = None
    last_box: Box | None = None
    lost_frames: int = 0

    def pick(self, boxes: Sequence[Box]) -> Box | None:
        """The one of `boxes` to take up: by rule in a new shot, else the nearest to where the face was last."""
        if self.last_box is None:
            return pick_face(boxes, self.choice)
        reach = self.last_box.width * (0.7 + 0.05 * self.lost_frames)
        near = [box for box in boxes if _distance(box, self.last_box) < reach and _is_alike(box, self.last_box)]
        return min(near, key=lambda box: _distance(box, self.last_box)) if near else None  # type: ignore[arg-type]  # set above

    def lose(self) -> None:
        self.points = None
        self.lost_frames += 1

    def keep(self, points: Points) -> None:
        self.points, self.last_box, self.lost_frames = points, bounding_box(points), 0


def track_face(frames: Iterable[Image], detector: Detector, landmarker: Landmarker, choice: FaceChoice) -> FaceTrack:
    """One entry per frame. Raises FaceChoiceError when the number asked for is never reached, if there is a face."""
    cuts, follower = CutFinder(), _Follower(choice)
    points: list[Points] = []
    shots, face_count = [0], 0
    nothing = np.full((landmarks.COUNT, 2), np.nan, np.float32)
    for number, frame in enumerate(frames):
        if cuts.is_cut(frame):
            shots.append(number)
            follower = _Follower(choice)
        # A lost face is looked for at once, then ever more rarely: a search costs more than following.
        is_due = (number - shots[-1]) % DETECT_EVERY == 0
        is_lost = follower.points is None and (follower.lost_frames < 10 or number % 3 == 0)
        if is_due or is_lost:
            boxes = [detection.box for detection in detector.detect(frame)]
            face_count = max(face_count, len(boxes))
            _reconsider(follower, boxes)
        _follow(follower, frame, landmarker)
        points.append(nothing if follower.points is None else follower.points)
    track = FaceTrack(
        np.stack(points) if points else np.empty((0, landmarks.COUNT, 2), np.float32), tuple(shots), face_count
    )
    if choice.rule is FaceRule.NUMBER and face_count and not track.found.any():
        raise FaceChoiceError(choice=str(choice), faces=face_count)
    return track


def pick_face(boxes: Sequence[Box], choice: FaceChoice) -> Box | None:
    """The face that the rule means; None where there are too few."""
    if not boxes:
        return None
    ordered = sorted(boxes, key=lambda box: box.center[0])
    match choice.rule:
        case FaceRule.LARGEST:
            return max(boxes, key=lambda box: box.area)
        case FaceRule.LEFT:
            return ordered[0]
        case FaceRule.RIGHT:
            return ordered[-1]
        case FaceRule.NUMBER:
            return ordered[choice.number - 1] if choice.number <= len(ordered) else None


def _reconsider(follower: _Follower, boxes: Sequence[Box]) -> None:
    """Takes a face up if none is followed; lets go of one that has drifted off every face that is there."""
    if follower.points is not None:
        followed = bounding_box(follower.points)
        if not boxes or any(followed.overlap(box) > 0.3 for box in boxes):
            return  # with no detection at all, the landmarker's own word counts
    if (box := follower.pick(boxes)) is not None:
        follower.points = None
        follower.last_box = box


def _follow(follower: _Follower, frame: Image, landmarker: Landmarker) -> None:
    roi = follower.points if follower.points is not None else follower.last_box
    if roi is None:
        follower.lose()
        return
    before = follower.last_box
    found, presence = landmarker.find(frame, roi)
    if presence < MIN_PRESENCE or not _is_sane(found, before, frame):
        follower.lose()
        return
    follower.keep(found)


def _is_sane(points: Points, before: Box | None, frame: Image) -> bool:
    """Whether a face is of a believable size and shape, and near where it was."""
    box = bounding_box(points)
    height, width = frame.shape[:2]
    if (
        not np.isfinite(points).all()
        or min(box.width, box.height) < 12
        or max(box.width, box.height) > 2 * max(width, height)
    ):
        return False
    if not 0.4 < box.width / box.height < 2.5:
        return False
    return before is None or (_distance(box, before) < max(before.width, before.height) and _is_alike(box, before))


def _distance(a: Box, b: Box) -> float:
    return float(np.hypot(a.center[0] - b.center[0], a.center[1] - b.center[1]))


def _is_alike(a: Box, b: Box) -> bool:
    """Whether two boxes differ in size no more than a face does between two looks at it."""
    return 0.4 < math.sqrt(max(a.area, 1.0) / max(b.area, 1.0)) < 2.5
