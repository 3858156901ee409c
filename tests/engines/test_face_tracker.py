"""The face tracker with its real weights, on pictures that everyone has, and on clips where they are there."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from skimage import data

from heygem.domain import landmarks
from heygem.domain.landmarks import Box
from heygem.engines.alignment import Image, Points, as_image
from heygem.engines.face_detector import Detection, drop_doubles, drop_doubtful
from heygem.engines.face_region import bounding_box
from heygem.engines.face_tracker import FaceTrackerModels, load_face_tracker

ROOT = Path(__file__).parents[2]
CLIPS = ROOT.parent / "shared" / "clips" / "test" / "talkers"
ASTRONAUT_FACE = Box(165, 60, 265, 200)  # roughly


@pytest.fixture(scope="module")
def models() -> Iterator[FaceTrackerModels]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a busy machine is no reason to wait for one's own other threads
    yield load_face_tracker(ROOT / "models", torch.device("cpu"))
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def astronaut() -> Image:
    return picture("astronaut")


def picture(name: str) -> Image:
    return as_image(np.ascontiguousarray(getattr(data, name)()[..., ::-1]))


def turn(image: Image, degrees: float) -> Image:
    height, width = image.shape[:2]
    affine = cv2.getRotationMatrix2D((215, 130), degrees, 1.0)
    return as_image(cv2.warpAffine(image, affine, (width, height), borderMode=cv2.BORDER_REPLICATE))


def is_sane(points: Points) -> bool:
    """Eyes above the nose above the mouth above the chin, along the face's own axis; left is left."""
    eyes, nose = points[list(landmarks.EYE_OUTER_CORNERS)], points[122]
    across = eyes[1] - eyes[0]
    down = np.array([-across[1], across[0]]) / np.linalg.norm(across)
    heights = [float(p @ down) for p in (eyes.mean(axis=0), nose, points[landmarks.LIPS].mean(axis=0), points[18])]
    corners = points[list(landmarks.MOUTH_CORNERS)]
    return heights == sorted(heights) and float((corners[1] - corners[0]) @ across) > 0


def test_the_astronaut_is_found(models: FaceTrackerModels, astronaut: Image) -> None:
    found = models.detector.detect(astronaut)
    assert len(found) == 1
    assert found[0].box.overlap(ASTRONAUT_FACE) > 0.5
    points, presence = models.landmarker.find(astronaut, found[0].box)
    assert points.shape == (131, 2)
    assert points.dtype == np.float32
    assert presence > 0.9
    assert is_sane(points)
    assert bounding_box(points).overlap(found[0].box) > 0.6


def test_landmarks_are_steady_when_followed(models: FaceTrackerModels, astronaut: Image) -> None:
    first, _ = models.landmarker.find(astronaut, models.detector.detect(astronaut)[0].box)
    second, presence = models.landmarker.find(astronaut, first)
    assert presence > 0.9
    assert np.abs(second - first).mean() < 0.02 * ASTRONAUT_FACE.height


@pytest.mark.parametrize("degrees", [-35, -20, 20, 35])
def test_a_turned_head_is_found(models: FaceTrackerModels, astronaut: Image, degrees: float) -> None:
    turned = turn(astronaut, degrees)
    points, presence = models.landmarker.find(turned, models.detector.detect(turned)[0].box)
    across = points[92] - points[76]
    upright, _ = models.landmarker.find(astronaut, ASTRONAUT_FACE)
    before = upright[92] - upright[76]
    lean = np.degrees(np.arctan2(across[1], across[0]) - np.arctan2(before[1], before[0]))
    assert presence > 0.8
    assert is_sane(points)
    assert -lean == pytest.approx(degrees, abs=6)


@pytest.mark.parametrize("face_share", [0.07, 0.15, 0.5])
def test_small_and_large_faces_are_found(models: FaceTrackerModels, astronaut: Image, face_share: float) -> None:
    frame = np.full((720, 1280, 3), 90, np.uint8)
    face = astronaut[:240, 80:350]
    scale = face_share * 720 / ASTRONAUT_FACE.height
    small = as_image(cv2.resize(face, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    frame[100 : 100 + small.shape[0], 500 : 500 + small.shape[1]] = small
    place = Box(*(v * scale + o for v, o in zip((85, 60, 185, 200), (500, 100, 500, 100), strict=True)))
    found = models.detector.detect(frame)
    assert found
    assert found[0].box.overlap(place) > 0.4
    assert models.landmarker.find(frame, found[0].box)[1] > 0.8


def test_a_face_that_fills_the_frame_is_found(models: FaceTrackerModels, astronaut: Image) -> None:
    face = np.ascontiguousarray(astronaut[60:200, 160:270])
    found = models.detector.detect(face)
    assert found
    assert is_sane(models.landmarker.find(face, found[0].box)[0])


def test_two_faces_are_two(models: FaceTrackerModels, astronaut: Image) -> None:
    both = np.hstack([astronaut[:300, 60:380], cv2.flip(astronaut[:300, 60:380], 1)])
    found = models.detector.detect(as_image(both))
    assert len(found) == 2
    left, right = sorted(found, key=lambda d: d.box.left)
    assert left.box.right < 320 < right.box.left
    assert found[0].score >= found[1].score
    together = models.landmarker.find_many(as_image(both), [left.box, right.box])
    alone = models.landmarker.find(as_image(both), right.box)
    assert together[1][0] == pytest.approx(alone[0], abs=0.1)


@pytest.mark.parametrize("size", [(720, 1280), (1280, 720), (50, 50)])
def test_nothing_is_found_in_nothing(models: FaceTrackerModels, size: tuple[int, int]) -> None:
    assert models.detector.detect(np.zeros((*size, 3), np.uint8)) == []


def test_there_is_no_face_in_a_cup_of_coffee(models: FaceTrackerModels) -> None:
    coffee = picture("coffee")
    assert models.detector.detect(coffee) == []
    assert models.landmarker.find(coffee, Box(450, 40, 590, 180))[1] < 0.5


def test_the_surer_of_two_boxes_stays() -> None:
    one, same, other = (Box(x, 0, x + 10, 10) for x in (0, 2, 30))
    found = drop_doubles([Detection(one, 0.5), Detection(same, 0.9), Detection(other, 0.6)])
    assert [d.score for d in found] == [0.9, 0.6]


def test_what_is_far_less_sure_than_a_clear_face_goes() -> None:
    clear, second, doubtful = (
        Detection(Box(x, 0, x + 10, 10), score) for x, score in ((0, 0.97), (30, 0.5), (60, 0.39))
    )
    assert drop_doubtful([clear, second, doubtful]) == [clear, second]
    assert drop_doubtful([doubtful]) == [doubtful]
    assert drop_doubtful([]) == []


@pytest.mark.skipif(not CLIPS.is_dir(), reason="the clips for tests lie beside the project, and not here")
def test_a_talker_is_followed(models: FaceTrackerModels) -> None:
    from training.dataset import decode

    last: Points | None = None
    for frame in islice(decode(min(CLIPS.glob("*.mp4"))), 25):
        roi = last if last is not None else models.detector.detect(frame)[0].box
        last, presence = models.landmarker.find(frame, roi)
        assert presence > 0.5
        assert is_sane(last)
