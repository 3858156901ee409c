"""Grows, shrinks and regroups planes of pixels: what torch does too, in the order of memory that a CPU is fast at.

On the CPU in inference these take a quarter to a tenth of the time of the torch functions that they name; elsewhere
they are those functions.
"""

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

_PAIRS: Final = {torch.float32: torch.int64, torch.bfloat16: torch.int32, torch.float16: torch.int32}  # as one number


def enlarge(planes: Tensor, factor: int) -> Tensor:
    """`planes` (B, C, H, W) float as (B, C, factor H, factor W): functional.interpolate, bilinear, no aligned corners.

    `factor` is even or 1.
    """
    if factor == 1:
        return planes
    if not _is_quick(planes):
        return functional.interpolate(planes, scale_factor=factor, mode="bilinear", align_corners=False)
    padded = functional.pad(planes, (1, 1, 1, 1), mode="replicate")
    batch, channels, height, width = planes.shape
    rows = planes.new_empty(batch, channels, height, factor, width + 2)
    grown = planes.new_empty(batch, channels, height * factor, width, factor)
    middle, above, below = padded[:, :, 1:-1], padded[:, :, :-2], padded[:, :, 2:]
    for phase, (is_before, share) in enumerate(_phases(factor)):
        torch.lerp(middle, above if is_before else below, share, out=rows[:, :, :, phase])
    tall = rows.view(batch, channels, height * factor, width + 2)
    middle, left, right = tall[..., 1:-1], tall[..., :-2], tall[..., 2:]
    for phase, (is_before, share) in enumerate(_phases(factor)):
        torch.lerp(middle, left if is_before else right, share, out=grown[..., phase])
    return grown.view(batch, channels, height * factor, width * factor)


def _phases(factor: int) -> list[tuple[bool, float]]:
    """For each of the pixels that one becomes: whether it leans on the pixel before or after, and how much."""
    places = [(phase + 0.5) / factor - 0.5 for phase in range(factor)]
    return [(place < 0, abs(place)) for place in places]


def shrink(planes: Tensor, factor: int) -> Tensor:
    """`planes` (B, C, H, W) as (B, C, H / factor, W / factor): functional.avg_pool2d."""
    if factor == 1:
        return planes
    if factor != 2 or not _is_quick(planes):
        return functional.avg_pool2d(planes, factor)
    rows = planes[:, :, ::2] + planes[:, :, 1::2]
    return (rows[..., ::2] + rows[..., 1::2]).mul_(0.25)


def fold(planes: Tensor, kind: torch.dtype) -> Tensor:
    """`planes` (B, C, H, W) as (B, 4 C, H / 2, W / 2) of type `kind`, channels last: functional.pixel_unshuffle."""
    if kind not in _PAIRS or not _is_quick(planes):
        cells = functional.pixel_unshuffle(planes.contiguous(), 2).to(kind)
        return cells.contiguous(memory_format=torch.channels_last)
    batch, channels, height, width = planes.shape
    pairs = planes.to(kind).contiguous().view(_PAIRS[kind]).view(batch, channels, height // 2, 2, width // 2)
    rows = pairs.transpose(1, 2).reshape(-1, 2 * channels, width // 2).transpose(1, 2).contiguous()
    return rows.view(kind).view(batch, height // 2, width // 2, 4 * channels).permute(0, 3, 1, 2)


def unfold(cells: Tensor) -> Tensor:
    """`cells` (B, 4 C, H, W), channels last, as (B, C, 2 H, 2 W) float: functional.pixel_shuffle."""
    if cells.dtype not in _PAIRS or not _is_quick(cells) or not cells.is_contiguous(memory_format=torch.channels_last):
        return functional.pixel_shuffle(cells.contiguous(), 2).float()
    batch, channels, height, width = cells.shape
    pairs = cells.permute(0, 2, 3, 1).view(_PAIRS[cells.dtype]).view(-1, width, channels // 2)
    rows = pairs.transpose(1, 2).contiguous().view(batch, height, channels // 4, 2, width)
    planes = rows.transpose(1, 2).contiguous().view(cells.dtype)
    return planes.view(batch, channels // 4, 2 * height, 2 * width).float()


def _is_quick(planes: Tensor) -> bool:
    """Whether the ways of this module serve: no gradients, which they do not have, and no GPU, where they are slow."""
    return planes.device.type == "cpu" and not torch.is_grad_enabled()
