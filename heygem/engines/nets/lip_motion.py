"""The network that hears how lips and jaw move: log-mel rows in, coefficients of speech motion out, 50 a second.

Convolutions over time alone, so a long voice can be heard in overlapping stretches with the same result.
Source of the blocks: Liu et al., A ConvNet for the 2020s, 2022, in one dimension.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from heygem.engines.mel import BANDS

RATE_HZ: Final = 50.0
REACH: Final = 94  # coefficients further away than this do not depend on a mel row

_DILATIONS: Final = (1, 2, 4, 8, 1, 2, 4, 8)
_KERNEL: Final = 7


class LipMotionNet(nn.Module):
    """(B, 80, 2 T) log-mel rows to (B, T, count) coefficients; the i-th belongs to mel row 2 i."""

    def __init__(self, count: int, width: int = 112, dropout: float = 0.0) -> None:
        super().__init__()
        self.stem = nn.Conv1d(BANDS, width, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList(_Block(width, dilation, dropout) for dilation in _DILATIONS)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, count)
        nn.init.zeros_(self.head.bias)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.stem((mel + 7) / 4)
        for block in self.blocks:
            x = block(x)
        return torch.as_tensor(self.head(self.norm(x.transpose(1, 2))))


class _Block(nn.Module):
    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        padding = dilation * (_KERNEL // 2)
        self.mix = nn.Conv1d(width, width, _KERNEL, padding=padding, dilation=dilation, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 2 * width)
        self.narrow = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.mix(x).transpose(1, 2))
        y = self.dropout(self.narrow(functional.gelu(self.widen(y))))
        mixed: Tensor = x + y.transpose(1, 2)
        return mixed
