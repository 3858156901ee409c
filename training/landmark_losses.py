"""How wrong found landmarks are, in hundredths of the distance between the outer eye corners, as the tracker is judged.

Knows nothing of networks; works on any subset of the landmarks.
"""

from typing import Final

import torch
from torch import Tensor

from heygem.domain import landmarks

SMALL: Final = 0.3  # hundredths: errors below are as good as none


def measure_faces(points: Tensor) -> Tensor:
    """(N,) the unit for faces (N, 131, 2): their outer-eye distance, but for side faces 0.3 of their height."""
    left, right = landmarks.EYE_OUTER_CORNERS
    height = points[..., 1].amax(dim=1) - points[..., 1].amin(dim=1)
    return torch.maximum((points[:, left] - points[:, right]).norm(dim=1), 0.3 * height)


def measure_distance(offsets: Tensor, unit: Tensor) -> Tensor:
    """(N, K): the lengths of `offsets` (N, K, 2) in hundredths of `unit` (N,), smooth at zero.

    Source: the Charbonnier penalty (Charbonnier et al., Two deterministic half-quadratic regularization algorithms,
    1994): no single far landmark outweighs the rest.
    """
    scaled = offsets * (100 / unit)[:, None, None]
    return (scaled.square().sum(dim=2) + SMALL**2).sqrt() - SMALL


def measure_unsteadiness(offsets: Tensor, unit: Tensor) -> Tensor:
    """(N / 2, K): how differently two views of one face, rows 2i and 2i + 1 of `offsets` (N, K, 2), are wrong."""
    return measure_distance(offsets[1::2] - offsets[::2], unit[::2])
