"""How far a painted mouth is from the true one: colour, edges and coarse shape, lips and mouth weighted most."""

import torch
from torch import Tensor
from torch.nn import functional

from heygem.engines.nets.renderer import Painting


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


@torch.no_grad()
def hidden_error(image: Tensor, true: Tensor, hidden: Tensor) -> float:
    """Mean absolute error of the hidden part in grey levels of 255."""
    error = ((image - true).abs() * hidden).sum() / (hidden.sum() * 3 * len(image))
    return float(error) * 127.5
