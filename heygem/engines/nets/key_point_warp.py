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
    grid_sample has it (align_corners=False). Returns (B, R, 2, side, side) in the same units.
    """
    if source.dim() == 3:
        source = source[:, None]
    chosen = list(POINTS)
    q, p = target[:, chosen].float(), source[:, :, chosen].float()
    batch, count, number, _ = p.shape
    axis = (torch.arange(side, device=q.device, dtype=torch.float32) + 0.5) * (2 / side) - 1
    weight = _weigh(axis, q)
    shift = (p - q[:, None]).permute(0, 2, 1, 3).reshape(batch, number, count * 2)  # affine part acts on the shifts
    products = (q[..., :, None] * shift[..., None, :]).reshape(batch, number, -1)
    squares = torch.stack([q[..., 0] ** 2, q[..., 0] * q[..., 1], q[..., 1] ** 2], dim=-1)
    asked = torch.cat([torch.ones_like(q[..., :1]), q, squares, shift, products], dim=-1)
    sums = asked.transpose(1, 2) @ weight  # (B, what is asked, G)
    means = sums[:, 1:] / sums[:, :1]
    (x, y), (xx, xy, yy) = means[:, :2].unbind(1), means[:, 2:5].unbind(1)
    mean_shift, mean_products = means[:, 5 : 5 + 2 * count], means[:, 5 + 2 * count :]
    xx, xy, yy = xx - x * x + _STIFFNESS, xy - x * y, yy - y * y + _STIFFNESS
    determinant = (xx * yy - xy * xy).clamp_min(1e-9)
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="xy")).reshape(1, 2, -1)
    away_x, away_y = (grid - means[:, :2]).unbind(1)
    along_x = (yy * away_x - xy * away_y) / determinant
    along_y = (xx * away_y - xy * away_x) / determinant
    # What follows is the shift's mean, and its covariances with x and y by how far a point is along each.
    still = 1 - along_x * x - along_y * y
    moved = mean_shift * still[:, None]
    moved = torch.addcmul(moved, mean_products[:, : 2 * count], along_x[:, None])
    moved = torch.addcmul(moved, mean_products[:, 2 * count :], along_y[:, None])
    field = moved.view(batch, count, 2, -1) + grid
    return field.view(batch, count, 2, side, side)


def _weigh(axis: Tensor, q: Tensor) -> Tensor:
    """(B, N, G): the pull of each key point `q` (B, N, 2) on each point of the grid with coordinates `axis`."""
    across = (axis - q[..., :1]).square_() + _SOFTNESS**2
    down = (axis - q[..., 1:]).square_()
    return (across[..., None, :] + down[..., :, None]).pow_(-2).flatten(2)


def sample(pictures: Tensor, field: Tensor) -> Tensor:
    """`pictures` (B, C, H, W) read at `field` (B, 2, h, w); what lies outside repeats the rim."""
    grid = field.permute(0, 2, 3, 1)
    return functional.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)
