"""A painted mouth is the more unlike the true one, the less of its structure it has, where that counts."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from training.renderer_losses import unlikeness

WEIGHT = torch.ones(1, 1, 32, 32)


@pytest.fixture
def true() -> Tensor:
    """Smooth shapes and fine grain."""
    noise = torch.Generator().manual_seed(5)
    coarse = functional.interpolate(torch.randn(1, 3, 8, 8, generator=noise) / 3, scale_factor=4.0, mode="bilinear")
    return coarse + 0.2 * torch.randn(1, 1, 32, 32, generator=noise)


def blur(image: Tensor) -> Tensor:
    return functional.avg_pool2d(image, 3, stride=1, padding=1, count_include_pad=False)


def test_a_picture_is_like_itself(true: Tensor) -> None:
    assert unlikeness(true, true, WEIGHT).item() == pytest.approx(0, abs=1e-6)


def test_likeness_is_between_that_of_a_blurred_picture_and_that_of_another(true: Tensor) -> None:
    other = unlikeness(true.flip(-1), true, WEIGHT).item()
    assert 0.05 < unlikeness(blur(true), true, WEIGHT).item() < other
    assert 0.5 < other < 2


def test_only_what_is_weighted_counts(true: Tensor) -> None:
    left = WEIGHT.clone()
    left[..., 16:] = 0
    changed = true.clone()
    changed[..., 24:] = 0
    assert unlikeness(changed, true, left).item() == pytest.approx(0, abs=1e-6)
    assert unlikeness(changed, true, WEIGHT).item() > 0.1
