"""The square that the landmarker looks at."""

import numpy as np
import pytest

from heygem.domain.landmarks import Box
from heygem.engines.alignment import mean_face, transform
from heygem.engines.face_region import FILL, bounding_box, find_region


def test_a_box_gives_an_upright_square_around_it() -> None:
    region = find_region(Box(10, 20, 50, 80))
    assert region.center == (30, 50)
    assert region.side == pytest.approx(60 * FILL)
    assert region.angle == 0


@pytest.mark.parametrize("turn_deg", [0, 35, -60, 170])
def test_landmarks_give_a_square_that_sets_the_face_upright(turn_deg: float) -> None:
    turn = np.radians(turn_deg)
    affine = np.array([[np.cos(turn), -np.sin(turn), 4], [np.sin(turn), np.cos(turn), 3]]) * 70
    region = find_region(transform(mean_face(), affine))
    assert np.degrees(region.angle) == pytest.approx(turn_deg, abs=0.1)
    in_crop = transform(transform(mean_face(), affine), region.to_crop(128))
    box = bounding_box(in_crop)
    assert box.center == pytest.approx((63.5, 63.5), abs=0.1)
    assert box.height == pytest.approx(128 / FILL, abs=0.1)
    assert in_crop[76, 1] == pytest.approx(in_crop[92, 1], abs=0.1)
    assert in_crop[76, 0] < in_crop[92, 0]
