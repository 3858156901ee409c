import cv2
import numpy as np
import pytest

from heygem.engines.alignment import CropSpec, frame_to_crop, warp_crop
from heygem.pipeline.paste import Paster
from tests.pipeline.faces import place_face

SPEC = CropSpec(size=128, center=(0.0, 0.8), side=1.6)
MASK = cv2.GaussianBlur(np.pad(np.ones((64, 64), np.float32), 32), (0, 0), 4).astype(np.float32)
MASK[MASK < 0.01] = 0
PASTER = Paster(MASK)
BLACK = np.zeros((128, 128, 3), np.uint8)


@pytest.fixture
def frame():
    noise = np.random.default_rng(3).integers(0, 256, (36, 64, 3), dtype=np.uint8)
    return cv2.resize(noise, (640, 360), interpolation=cv2.INTER_CUBIC)


def test_bytes_outside_the_mask_are_the_sources_own(frame):
    affine = frame_to_crop(place_face(300, 120, unit=90), SPEC)
    composed = PASTER.paste(frame, BLACK, BLACK, affine, 1.0)
    changed = (composed != frame).any(axis=2)
    alpha = cv2.warpAffine(MASK, affine, (640, 360), flags=cv2.WARP_INVERSE_MAP)
    reached = cv2.dilate((alpha > 0).astype(np.uint8), np.ones((3, 3))) > 0  # warping rounds to 1/32 of a pixel
    assert changed.any()
    assert not changed[~reached].any()


def test_weight_zero_changes_nothing_and_the_source_is_never_written_to(frame):
    kept = frame.copy()
    affine = frame_to_crop(place_face(300, 120, unit=90), SPEC)
    composed = PASTER.paste(frame, BLACK, BLACK, affine, 0.0)
    assert np.array_equal(composed, frame)
    assert np.array_equal(frame, kept)


def test_the_crop_itself_pasted_back_is_hardly_seen(frame):
    affine = frame_to_crop(place_face(300, 120, unit=80), SPEC)
    crop = warp_crop(frame, affine, 128)
    composed = PASTER.paste(frame, crop, crop, affine, 1.0)
    assert np.abs(composed.astype(int) - frame).mean() < 0.6


@pytest.mark.parametrize("place", [(5, 5), (635, 355), (-400, -400), (300, 340)])
def test_a_face_half_or_wholly_outside_the_frame_is_no_error(frame, place):
    x, y = place
    affine = frame_to_crop(place_face(x, y, unit=90), SPEC)
    composed = PASTER.paste(frame, BLACK, BLACK, affine, 1.0)
    assert composed.shape == frame.shape


def test_region_covers_all_that_changes():
    points = place_face(300, 120, unit=90)
    tilt = cv2.getRotationMatrix2D((300, 120), 25, 1)
    affine = frame_to_crop((points @ tilt[:, :2].T + tilt[:, 2]).astype(np.float32), SPEC)
    region = PASTER.find_region(affine, 640, 360)
    alpha = cv2.warpAffine(MASK, affine, (640, 360), flags=cv2.WARP_INVERSE_MAP)
    rows, columns = np.nonzero(alpha > 0)
    assert region.left <= columns.min() and columns.max() < region.right
    assert region.top <= rows.min() and rows.max() < region.bottom


def test_a_colour_cast_is_taken_out_towards_the_edge():
    frame = np.full((360, 640, 3), 120, np.uint8)
    crop, patch = np.full((128, 128, 3), 120, np.uint8), np.full((128, 128, 3), 140, np.uint8)
    affine = frame_to_crop(place_face(300, 120, unit=80), SPEC)
    alpha = cv2.warpAffine(MASK, affine, (640, 360), flags=cv2.WARP_INVERSE_MAP)
    edge = (alpha > 0.05) & (alpha < 0.3)
    composed = PASTER.paste(frame, patch, crop, affine, 1.0)
    assert np.abs(composed[edge].astype(int) - 120).max() <= 2
    assert composed[alpha > 0.99].max() > 130  # deep inside, the patch is believed


def test_colours_follow_a_change_across_the_crop():
    slope = np.broadcast_to(np.linspace(0, 30, 128)[None, :, None], (128, 128, 3))
    crop = (100 + slope).astype(np.uint8)
    colours = PASTER.match_colours(np.full((128, 128, 3), 100, np.uint8), crop)
    wanted = cv2.resize(slope, (32, 32), interpolation=cv2.INTER_AREA)
    around = cv2.resize(MASK, (32, 32), interpolation=cv2.INTER_AREA) == 0
    assert np.abs(colours - wanted)[around].max() < 5
    assert np.abs(colours - wanted)[around].mean() < 1
