"""The network that hears how lips and jaw move: log-mel rows in, coefficients of speech motion out, 50 a second.

Dilated convolutions for the sounds, then two bidirectional LSTM layers for how one sound runs into the next.
Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; Graves and Schmidhuber, 2005, for both directions.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from heygem.engines.mel import BANDS

RATE_HZ: Final = 50.0
REACH: Final = 200  # coefficients further away than this depend on a mel row by less than can be seen

_DILATIONS: Final = (1, 2, 4)
_MEMORY: Final = 128  # units of an LSTM in one direction


class LipMotionNet(nn.Module):
    """(B, 80, 2 T) log-mel rows to (B, T, count) coefficients; the i-th belongs to mel row 2 i."""

    def __init__(self, count: int, width: int = 128, dropout: float = 0.0) -> None:
        super().__init__()
        self.stem = nn.Conv1d(BANDS, width, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList(_Block(width, dilation, dropout) for dilation in _DILATIONS)
        self.memory = nn.LSTM(width, _MEMORY, 2, batch_first=True, bidirectional=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * _MEMORY, count)
        nn.init.zeros_(self.head.bias)

    def forward(self, mel: Tensor) -> Tensor:
        x = functional.gelu(self.stem((mel + 7) / 4))
        for block in self.blocks:
            x = block(x)
        remembered, _ = self.memory(x.transpose(1, 2))
        return torch.as_tensor(self.head(self.dropout(remembered)))


class _Block(nn.Module):
    """A dilated convolution beside a shortcut."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.mix = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        y = self.dropout(functional.gelu(self.norm(self.mix(x).transpose(1, 2))))
        mixed: Tensor = x + y.transpose(1, 2)
        return mixed
