"""What was enlarged gets the detail of what was not, and no halos."""

import cv2
import numpy as np
import pytest
from skimage import data

from heygem.engines.alignment import as_image
from heygem.engines.sharpening import Sharpener

SHARP = as_image(np.ascontiguousarray(data.astronaut()[80:180, 170:270, ::-1]))
SOFT = as_image(
    cv2.resize(cv2.resize(SHARP, (60, 60), interpolation=cv2.INTER_AREA), (100, 100), interpolation=cv2.INTER_CUBIC)
)
EVERYWHERE = np.ones((100, 100), np.float32)


def detail(picture) -> float:
    exact = picture.astype(np.float32)
    return float((exact - cv2.GaussianBlur(exact, (0, 0), 1.2)).std())


def test_detail_comes_near_that_of_the_source():
    sharpener = Sharpener.measure([SOFT], [SHARP], EVERYWHERE, 1.2)
    before, after, wanted = (detail(picture) for picture in (SOFT, sharpener.sharpen(SOFT), SHARP))
    assert before < 0.85 * wanted
    assert before + 0.3 * (wanted - before) < after < 1.02 * wanted


def test_no_value_leaves_the_range_of_its_neighbours():
    edge = np.zeros((40, 40, 3), np.uint8)
    edge[:, 20:] = 200
    soft = as_image(cv2.GaussianBlur(edge, (0, 0), 2))
    sharpened = Sharpener(1.5, 2.0).sharpen(soft)
    assert sharpened.min() == 0
    assert sharpened.max() == 200
    assert np.abs(np.diff(sharpened[20, :, 0].astype(int))).max() > np.abs(np.diff(soft[20, :, 0].astype(int))).max()


@pytest.mark.parametrize("sharp", [SOFT, np.full_like(SHARP, 90)])
def test_a_source_that_is_no_sharper_changes_nothing(sharp):
    sharpener = Sharpener.measure([SOFT], [sharp], EVERYWHERE, 1.2)
    assert sharpener.amount == pytest.approx(0, abs=1e-6)
    assert np.array_equal(sharpener.sharpen(SOFT), SOFT)


def test_the_amount_has_a_limit():
    noise = np.random.default_rng(0).integers(0, 256, SHARP.shape, dtype=np.uint8)
    assert Sharpener.measure([as_image(SOFT // 8 + 100)], [noise], EVERYWHERE, 1.2).amount == 2
