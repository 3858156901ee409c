"""How far a painted mouth is from the true one: colour, edges, coarse shape and likeness, lips and mouth weighted most.

Source of the likeness: Wang et al., Image quality assessment: from error visibility to structural similarity, 2004.
"""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from heygem.engines.nets.renderer import Painting

_DARK: Final = (0.01 * 2) ** 2  # the stabilisers of the likeness, for pictures in -1..1
_FLAT: Final = (0.03 * 2) ** 2


def importance(drawing: Tensor, hidden: Tensor) -> Tensor:
    """(B, 1, S, S): 1 in the hidden part, 4 on lips and mouth, falling off around them."""
    lips = functional.avg_pool2d(functional.avg_pool2d(drawing[:, :1], 4), 3, stride=1, padding=1)
    lips = functional.interpolate(lips, scale_factor=4, mode="bilinear", align_corners=False)
    return hidden * (1 + 2 * lips + drawing[:, :1])


def paint_loss(painting: Painting, true: Tensor, weight: Tensor) -> Tensor:
    """Of the image, and a little of each bent reference and of what is mended, so that pixels are fetched first."""
    norm = weight.mean()
    error = _distance(painting.image, true, weight) / norm
    fetched = ((painting.fetched - true[:, None]).abs().mean(dim=2) * weight).mean() / norm
    mended = (painting.mended.abs() * weight).mean() / norm
    return error + 0.1 * fetched + 0.02 * mended


def _distance(image: Tensor, true: Tensor, weight: Tensor) -> Tensor:
    difference = image - true
    total = (difference.abs() * weight).mean()
    across, down = difference.diff(dim=3), difference.diff(dim=2)
    total = total + 1.5 * (across.abs() * weight[..., 1:]).mean() + 1.5 * (down.abs() * weight[..., 1:, :]).mean()
    for factor in (2, 4):
        coarse = functional.avg_pool2d(difference.contiguous(), factor).abs() * functional.avg_pool2d(weight, factor)
        total = total + 0.5 * coarse.mean()
    return total


def unlikeness(image: Tensor, true: Tensor, weight: Tensor) -> Tensor:
    """1 less the structural similarity of the grey pictures, in windows of 5 pixels whose middles count most."""
    a, b = image.mean(dim=1, keepdim=True), true.mean(dim=1, keepdim=True)
    means = _blur(torch.cat([a, b, a * a, b * b, a * b], dim=1))
    mean_a, mean_b, square_a, square_b, product = means.split(1, dim=1)
    both = mean_a * mean_b
    squares = mean_a**2 + mean_b**2
    light = (2 * both + _DARK) / (squares + _DARK)
    structure = (2 * (product - both) + _FLAT) / (square_a + square_b - squares + _FLAT)
    unlike: Tensor = ((1 - light * structure) * weight).mean() / weight.mean()
    return unlike


def _blur(planes: Tensor) -> Tensor:
    once = functional.avg_pool2d(planes, 3, stride=1, padding=1, count_include_pad=False)
    return functional.avg_pool2d(once, 3, stride=1, padding=1, count_include_pad=False)


@torch.no_grad()
def hidden_error(image: Tensor, true: Tensor, hidden: Tensor) -> float:
    """Mean absolute error of the hidden part in grey levels of 255."""
    error = ((image - true).abs() * hidden).sum() / (hidden.sum() * 3 * len(image))
    return float(error) * 127.5
