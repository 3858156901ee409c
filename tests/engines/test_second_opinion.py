"""MediaPipe's landmarker beside ours: what it finds, when it is asked, and what a file that is none leads to."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from skimage import data

from heygem.domain.errors import WeightsError
from heygem.domain.landmarks import Box
from heygem.engines.alignment import Image, Points, as_image
from heygem.engines.face_region import bounding_box
from heygem.engines.face_task import FaceTask
from heygem.engines.face_tracker import FaceTrackerModels, load_face_tracker
from heygem.engines.second_opinion import SecondDetector, SecondLandmarker
from training.dataset import TEACHERS

TASK = TEACHERS / "face_landmarker.task"
MODELS = Path(__file__).parents[2] / "models"
needs_task = pytest.mark.skipif(not TASK.is_file(), reason="MediaPipe's weights lie beside the project, and not here")


@pytest.fixture(scope="module")
def task() -> FaceTask:
    return FaceTask.load(TASK)


@pytest.fixture(scope="module")
def own() -> FaceTrackerModels:
    return load_face_tracker(MODELS, torch.device("cpu"))


def astronaut() -> Image:
    return as_image(np.ascontiguousarray(data.astronaut()[:400, 20:420, ::-1]))


def distance(found: Points, wanted: Points) -> float:
    """The mean over landmarks, in distances of the outer eye corners."""
    return float(np.linalg.norm(found - wanted, axis=1).mean() / np.linalg.norm(wanted[92] - wanted[76]))


def find_own(own: FaceTrackerModels) -> Points:
    frame = astronaut()
    return own.landmarker.find(frame, own.detector.detect(frame)[0].box)[0]


@needs_task
def test_both_agree_on_a_clear_face(task: FaceTask, own: FaceTrackerModels) -> None:
    ((points, presence),) = task.find_faces(astronaut())
    assert presence > 0.9
    assert distance(points, find_own(own)) < 0.06
    again, presence = task.find(astronaut(), points)
    assert presence > 0.9
    assert distance(again, points) < 0.02


@needs_task
@pytest.mark.parametrize("trouble", ["dark", "lying"])
def test_a_face_that_ours_misses_is_found_and_followed(task: FaceTask, own: FaceTrackerModels, trouble: str) -> None:
    frame, wanted = astronaut(), find_own(own)
    if trouble == "dark":
        frame = as_image(frame // 20)
    else:
        wanted = np.stack([len(frame) - 1 - wanted[:, 1], wanted[:, 0]], axis=1)
        frame = as_image(cv2.rotate(frame, cv2.ROTATE_90_CLOCKWISE))
    assert own.detector.detect(frame) == []
    (found,) = SecondDetector(own.detector, task).detect(frame)
    landmarker = SecondLandmarker(own.landmarker, task)
    first, presence = landmarker.find(frame, found.box)
    second, again = landmarker.find(frame, first)
    assert min(presence, again) > 0.5
    assert max(distance(first, wanted), distance(second, wanted)) < 0.12


@needs_task
def test_where_ours_sees_a_face_the_other_is_not_asked(own: FaceTrackerModels) -> None:
    silent = FaceTask(None, None)  # fails if it is asked anything
    (found,) = SecondDetector(own.detector, silent).detect(astronaut())
    points, _ = SecondLandmarker(own.landmarker, silent).find(astronaut(), found.box)
    assert found.box.overlap(bounding_box(points)) > 0.8


@needs_task
@pytest.mark.parametrize("picture", ["coffee", "chelsea", "black"])
def test_there_is_no_face_where_none_is(task: FaceTask, own: FaceTrackerModels, picture: str) -> None:
    frame = np.zeros((120, 200, 3), np.uint8) if picture == "black" else np.array(getattr(data, picture)())
    assert task.find_faces(as_image(frame)) == []
    if picture == "black":
        presence = SecondLandmarker(own.landmarker, task).find(as_image(frame), Box(50, 20, 110, 90))[1]
        assert presence < 0.5


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    for content in (None, b"<html>", b"PK\x05\x06" + bytes(18)):
        path = tmp_path / "face_landmarker.task"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(WeightsError) as caught:
            FaceTask.load(path)
        assert caught.value.context["reason"]
