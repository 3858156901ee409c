"""What of a face speech moves, and what stays the person's own."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from heygem.domain import landmarks
from heygem.engines.alignment import mean_face, transform
from heygem.engines.embedded import LIP_MOTION_FILE
from heygem.engines.speech_motion import MotionBasis, know_speaker, opening, signed_gap, speak, width
from heygem.engines.weights import load_weights

ROOT = Path(__file__).parents[2]
Array = NDArray[np.float32]


@pytest.fixture(scope="module")
def basis() -> MotionBasis:
    return MotionBasis.from_weights(load_weights(ROOT / "models" / LIP_MOTION_FILE))


def talk(basis: MotionBasis, count: int = 60, widest: float = 0.12) -> Array:
    """(T, 131, 2): the mean face in face units, its mouth opening and closing."""
    faces = np.repeat(mean_face()[None], count, axis=0)
    gaps = widest * (0.5 - 0.5 * np.cos(np.arange(count) * 0.6)) - signed_gap(mean_face())
    moved = [*range(36, 76), *range(10, 27)]
    faces[:, moved] += ((gaps[:, None] * basis.opening) @ basis.motions).reshape(count, -1, 2)
    return np.asarray(faces, np.float32)


def test_a_mouth_at_rest_is_closed_whatever_the_frame_does(basis: MotionBasis) -> None:
    faces = talk(basis)
    speaker = know_speaker(basis, faces * 100)
    rest = np.stack([speak(basis, speaker, points, np.zeros_like(basis.opening)) for points in faces])
    assert opening(faces).max() > 0.1
    assert opening(rest).max() < 0.02
    assert width(rest).std() < 0.01


def test_motion_opens_the_mouth_by_what_it_says(basis: MotionBasis) -> None:
    faces = talk(basis)
    speaker = know_speaker(basis, faces * 100)
    gaps = [signed_gap(speak(basis, speaker, faces[5], basis.opening * np.float32(gap))) for gap in (0, 0.05, 0.1)]
    assert np.diff(gaps) == pytest.approx(np.full(2, 0.05 * speaker.scale * (basis.opening @ basis.gaps)), rel=0.05)


def test_only_lips_and_jaw_are_moved(basis: MotionBasis) -> None:
    faces = talk(basis)
    spoken = speak(basis, know_speaker(basis, faces * 100), faces[7], basis.opening * np.float32(0.1))
    others = np.setdiff1d(np.arange(landmarks.COUNT), [*range(36, 76), *range(10, 27)])
    assert np.array_equal(spoken[others], faces[7][others])


def test_size_and_place_of_a_face_do_not_matter(basis: MotionBasis) -> None:
    faces = talk(basis)
    turn = np.array([[60.0, 15.0, 300.0], [-15.0, 60.0, 200.0]])
    near, far = know_speaker(basis, faces * 100), know_speaker(basis, np.stack([transform(f, turn) for f in faces]))
    assert np.allclose(near.rest, far.rest, atol=0.05)
    assert near.scale == pytest.approx(far.scale, abs=0.01)


def test_one_who_never_speaks_gets_a_usual_range(basis: MotionBasis) -> None:
    assert know_speaker(basis, talk(basis, widest=0.01) * 100).scale == 1
    assert 0.75 <= know_speaker(basis, talk(basis, widest=0.09) * 100).scale < 1
    assert know_speaker(basis, np.full((3, 131, 2), np.nan, np.float32)).scale == 1
