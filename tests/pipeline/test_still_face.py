"""A face that does not move, before a camera with noise: the track with the real weights must not move either."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from skimage import data

from heygem.domain.job import FaceChoice
from heygem.engines.alignment import Image, as_image
from heygem.engines.face_tracker import load_face_tracker
from heygem.pipeline.face_track import FaceTrack
from heygem.pipeline.smoothing import smooth_track
from heygem.pipeline.track import track_face

MODELS = Path(__file__).parents[2] / "models"
FRAMES = 30
TEACHERS = 0.0014  # the tremble of the tracker that ours learned from, on these very frames


def film_still(noise: float, quality: int) -> list[Image]:
    """The astronaut again and again, each time with other noise and compressed anew."""
    rng = np.random.default_rng(5)
    scene = data.astronaut()[:300, 60:380, ::-1]
    noisy = (np.clip(scene + rng.normal(0, noise, scene.shape), 0, 255).astype(np.uint8) for _ in range(FRAMES))
    packed = (cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])[1] for frame in noisy)
    return [as_image(cv2.imdecode(picture, cv2.IMREAD_COLOR)) for picture in packed]


def measure_tremble(track: FaceTrack) -> float:
    """How far landmarks are on average from their mean place, in distances of the outer eye corners."""
    mean = track.points.mean(axis=0)
    away = np.linalg.norm(track.points - mean, axis=2).mean()
    return float(away / np.linalg.norm(mean[92] - mean[76]))


@pytest.fixture(scope="module")
def track() -> FaceTrack:
    tracker = load_face_tracker(MODELS, torch.device("cpu"))
    return track_face(film_still(noise=3, quality=80), tracker.detector, tracker.landmarker, FaceChoice())


def test_found_in_every_frame(track: FaceTrack) -> None:
    assert track.found.all()
    assert track.face_count == 1


def test_landmarks_hardly_tremble(track: FaceTrack) -> None:
    assert measure_tremble(track) < 0.0025


def test_smoothed_landmarks_tremble_no_more_than_the_teachers(track: FaceTrack) -> None:
    assert measure_tremble(smooth_track(track)) < TEACHERS
