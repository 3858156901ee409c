"""Bends a picture so that its key points come to lie on others: a dense, smooth flow from sparse key points.

Source: Schaefer, McPhail, Warren, Image deformation using moving least squares, 2006 (the affine kind, regularised
towards a shift so that key points that fall together, as closed lips do, cannot tear the picture).
"""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from heygem.domain import landmarks

POINTS: Final = (
    *range(*landmarks.OVAL.indices(landmarks.COUNT)),
    *range(*landmarks.LIPS.indices(landmarks.COUNT)),
    *landmarks.STABLE,
)

_SOFTNESS: Final = 0.018  # distance below which a key point's pull no longer grows; half crops
_STIFFNESS: Final = 0.002  # how much spread of key points a change of scale needs; half crops squared


def flow(target: Tensor, source: Tensor, side: int) -> Tensor:
    """Where each point of a picture with key points `target` lies in one with key points `source`.

    Both are (B, 131, 2) or, for several sources of one target, `source` is (B, R, 131, 2); x, y in -1..1 of the crop as
    grid_sample has it (align_corners=False). Returns (B, R, side, side, 2) in the same units.
    """
    if source.dim() == 3:
        source = source[:, None]
    chosen = list(POINTS)
    q, p = target[:, chosen].float(), source[:, :, chosen].float()
    batch, count, number, _ = p.shape
    axis = (torch.arange(side, device=q.device, dtype=torch.float32) + 0.5) * (2 / side) - 1
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).reshape(1, -1, 2)
    weight = (_squared_distances(grid, q) + _SOFTNESS**2).square().reciprocal()
    weight = weight / weight.sum(dim=-1, keepdim=True)  # (B, G, N)
    shift = (p - q[:, None]).permute(0, 2, 1, 3).reshape(batch, number, count * 2)  # affine part acts on the shifts
    products = (q[..., :, None] * shift[..., None, :]).reshape(batch, number, -1)
    squares = torch.stack([q[..., 0] ** 2, q[..., 0] * q[..., 1], q[..., 1] ** 2], dim=-1)
    sums = weight @ torch.cat([q, squares, shift, products], dim=-1)
    mean_q, mean_squares, mean_shift = sums[..., :2], sums[..., 2:5], sums[..., 5 : 5 + 2 * count]
    mean_products = sums[..., 5 + 2 * count :].reshape(batch, -1, 2, 2 * count)
    covariance = mean_products - mean_q[..., :, None] * mean_shift[..., None, :]
    xx = mean_squares[..., 0] - mean_q[..., 0] ** 2 + _STIFFNESS
    xy = mean_squares[..., 1] - mean_q[..., 0] * mean_q[..., 1]
    yy = mean_squares[..., 2] - mean_q[..., 1] ** 2 + _STIFFNESS
    away = grid - mean_q
    determinant = (xx * yy - xy * xy).clamp_min(1e-9)
    along_x = (yy * away[..., 0] - xy * away[..., 1]) / determinant
    along_y = (xx * away[..., 1] - xy * away[..., 0]) / determinant
    bent = mean_shift + along_x[..., None] * covariance[..., 0, :] + along_y[..., None] * covariance[..., 1, :]
    field = grid[..., None, :] + bent.reshape(batch, -1, count, 2)
    return field.transpose(1, 2).reshape(batch, count, side, side, 2)


def sample(pictures: Tensor, field: Tensor) -> Tensor:
    """`pictures` (B, C, H, W) read at `field` (B, h, w, 2); what lies outside repeats the rim."""
    return functional.grid_sample(pictures, field, mode="bilinear", padding_mode="border", align_corners=False)


def enlarge(field: Tensor, side: int) -> Tensor:
    """`field` (B, h, w, 2) at `side` x `side` points, bilinearly."""
    planes = field.permute(0, 3, 1, 2).contiguous()  # four times as fast to enlarge, and to sample with
    grown = functional.interpolate(planes, size=(side, side), mode="bilinear", align_corners=False)
    return grown.permute(0, 2, 3, 1)


def _squared_distances(a: Tensor, b: Tensor) -> Tensor:
    """(B, G, N) from (1, G, 2) and (B, N, 2)."""
    x = a[..., :, None, 0] - b[..., None, :, 0]
    y = a[..., :, None, 1] - b[..., None, :, 1]
    return x * x + y * y
