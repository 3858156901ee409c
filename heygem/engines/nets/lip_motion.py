"""The network that hears how lips and jaw move: log-mel rows in, coefficients of speech motion out, 50 a second.

Dilated convolutions for the sounds, then two bidirectional LSTM layers for how one sound runs into the next. Beside the
motion it tells the viseme, the mouth shape of the phone that sounds; learning both at once teaches it more of speech
than the faces that there are to learn from.
Source: Hochreiter and Schmidhuber, Long Short-Term Memory, 1997; Graves and Schmidhuber, 2005, for both directions;
Caruana, Multitask learning, 1997.
"""

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from heygem.engines.mel import BANDS

RATE_HZ: Final = 50.0
REACH: Final = 200  # coefficients further away than this depend on a mel row by less than can be seen
VISEMES: Final = (
    "silence",
    "bilabial",
    "labiodental",
    "rounded_close",
    "rounded_mid",
    "open",
    "mid",
    "close",
    "dental",
    "alveolar",
    "sibilant",
    "postalveolar",
    "velar",
    "rhotic",
)

_DILATIONS: Final = (1, 2, 4)
_SPREAD: Final = 4.0  # of log-mel rows about their mean, roughly


class Heard(NamedTuple):
    """`motion` (B, T, count) coefficients; `visemes` (B, T, 14) logits of VISEMES. The i-th belongs to mel row 2 i."""

    motion: Tensor
    visemes: Tensor


class LipMotionNet(nn.Module):
    """Hears (B, 80, 2 T) log-mel rows less the voice's mean spectrum."""

    def __init__(self, count: int, width: int = 128, memory: int = 128, dropout: float = 0.0) -> None:
        super().__init__()
        self.stem = nn.Conv1d(BANDS, width, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList(_Block(width, dilation, dropout) for dilation in _DILATIONS)
        self.memory = nn.LSTM(width, memory, 2, batch_first=True, bidirectional=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * memory, count)
        self.visemes = nn.Linear(2 * memory, len(VISEMES))
        nn.init.zeros_(self.head.bias)

    def forward(self, sound: Tensor) -> Heard:
        x = functional.gelu(self.stem(sound / _SPREAD))
        for block in self.blocks:
            x = block(x)
        remembered, _ = self.memory(x.transpose(1, 2))
        remembered = self.dropout(remembered)
        return Heard(self.head(remembered), self.visemes(remembered))


class LipMotionChoir(nn.Module):
    """Several networks that learned alike from other beginnings: the mean of what they hear errs less than each.

    Source: Hansen and Salamon, Neural network ensembles, 1990.
    """

    def __init__(self, voices: int, count: int, width: int = 128, memory: int = 128) -> None:
        super().__init__()
        self.voices = nn.ModuleList(LipMotionNet(count, width, memory) for _ in range(voices))

    def forward(self, sound: Tensor) -> Heard:
        heard = [voice(sound) for voice in self.voices]
        return Heard(*(torch.stack(parts).mean(dim=0) for parts in zip(*heard, strict=True)))


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
