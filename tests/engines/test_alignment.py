"""The similarity between a frame and the square crops around a face."""

import cv2
import numpy as np
import pytest

from heygem.domain import landmarks
from heygem.engines.alignment import (
    CropSpec,
    Points,
    estimate_similarity,
    frame_to_crop,
    frame_to_face,
    invert,
    mean_face,
    transform,
    warp_crop,
)

SPEC = CropSpec(size=96, center=(0.0, 0.6), side=1.5)


def place_face(x: float, y: float, eyes: float, turn_deg: float) -> Points:
    """The mean face in a frame: the middle between the eyes at (x, y), outer corners `eyes` apart."""
    turn = np.radians(turn_deg)
    affine = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0]]) * eyes
    affine[:, 2] = x, y
    return transform(mean_face(), affine)


@pytest.mark.parametrize(
    ("scale", "turn_deg", "shift"), [(1.0, 0, (0, 0)), (3.5, 30, (40, -7)), (0.2, -170, (-1, 900))]
)
def test_a_known_similarity_is_found(scale: float, turn_deg: float, shift: tuple[float, float]) -> None:
    cos, sin = scale * np.cos(np.radians(turn_deg)), scale * np.sin(np.radians(turn_deg))
    known = np.array([[cos, -sin, shift[0]], [sin, cos, shift[1]]])
    source = np.random.default_rng(0).uniform(-50, 50, (17, 2)).astype(np.float32)
    assert estimate_similarity(source, transform(source, known)) == pytest.approx(known, abs=1e-3)


def test_noise_moves_a_similarity_little() -> None:
    random = np.random.default_rng(1)
    source = random.uniform(-50, 50, (131, 2)).astype(np.float32)
    noisy = (source + random.normal(0, 0.5, source.shape)).astype(np.float32)
    assert estimate_similarity(source, noisy) == pytest.approx(np.eye(2, 3), abs=0.15)


def test_points_on_one_spot_do_not_break_it() -> None:
    spot = np.full((131, 2), 7, np.float32)
    assert np.isfinite(estimate_similarity(spot, mean_face())).all()


def test_the_mean_face_is_symmetric_and_in_face_units() -> None:
    face = mean_face()
    assert face.shape == (landmarks.COUNT, 2)
    assert face[list(landmarks.EYE_OUTER_CORNERS)] == pytest.approx(np.array([[-0.5, 0], [0.5, 0]]), abs=1e-3)
    left, right = face[list(landmarks.MOUTH_CORNERS)]
    assert left * [-1, 1] == pytest.approx(right, abs=1e-3)
    assert face[landmarks.CHIN, 1] > right[1] > face[126, 1] > 0


def test_a_face_comes_back_to_face_units() -> None:
    points = place_face(300, 200, eyes=80, turn_deg=25)
    assert transform(points, frame_to_face(points)) == pytest.approx(mean_face(), abs=1e-4)


def test_speech_does_not_move_the_crop() -> None:
    points = place_face(300, 200, eyes=80, turn_deg=-10)
    speaking = points.copy()
    speaking[landmarks.LIPS] += [3, 12]
    speaking[landmarks.JAW] += [0, 15]
    assert frame_to_crop(speaking, SPEC) == pytest.approx(frame_to_crop(points, SPEC), abs=1e-6)


def test_there_and_back_again() -> None:
    points = place_face(300, 200, eyes=80, turn_deg=33)
    affine = frame_to_crop(points, SPEC)
    assert transform(transform(points, affine), invert(affine)) == pytest.approx(points, abs=1e-2)


def test_a_crop_shows_what_its_transform_says() -> None:
    points = place_face(320, 180, eyes=90, turn_deg=20)
    mouth = points[landmarks.LIPS_OUTER].mean(axis=0)
    frame = np.zeros((480, 640, 3), np.uint8)
    cv2.circle(frame, [round(float(v)) for v in mouth], 8, (0, 255, 0), -1)
    affine = frame_to_crop(points, SPEC)
    crop = warp_crop(frame, affine, SPEC.size)
    assert crop.shape == (96, 96, 3)
    ys, xs = np.nonzero(crop[..., 1] > 127)
    assert np.array([xs.mean(), ys.mean()]) == pytest.approx(transform(mouth[None], affine)[0], abs=0.7)


def test_a_small_crop_of_a_fine_pattern_is_grey_not_moire() -> None:
    frame = np.zeros((1200, 1200, 3), np.uint8)
    frame[::2] = 255
    points = place_face(600, 400, eyes=500, turn_deg=0)
    crop = warp_crop(frame, frame_to_crop(points, SPEC), SPEC.size)
    assert crop[8:-8, 8:-8].std() < 10
    assert crop.mean() == pytest.approx(127, abs=8)


def test_a_crop_beyond_the_frame_repeats_its_rim() -> None:
    frame = np.full((100, 100, 3), 77, np.uint8)
    crop = warp_crop(frame, frame_to_crop(place_face(95, 95, eyes=300, turn_deg=0), SPEC), SPEC.size)
    assert (crop == 77).all()
