"""The network of an active-speaker judge, Light-ASD: does this face speak in this sound? For tests alone.

Source: Liao et al., A light weight model for active speaker detection, CVPR 2023; layers are named as in its published
weights (Junhua-Liao/Light-ASD, MIT).
"""

from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

SIDE: Final = 112  # pixels of a face crop
_MEAN, _DEVIATION = 0.4161, 0.1688  # of grey levels in 0..1


class _Branch(nn.Module):
    """Two paths of a spatial (or spectral) and a temporal convolution, 3 and 5 wide, added and mixed."""

    def __init__(self, across: str, widths: tuple[int, int], is_visual: bool, stride: int = 1) -> None:
        super().__init__()
        self._across = across
        for size in (3, 5):
            for name, layer in zip(
                (f"{across}_{size}", f"t_{size}"), _pair(widths, size, is_visual, stride), strict=True
            ):
                self.add_module(name, layer)
                self.add_module(f"bn_{name}", _norm(widths[1], is_visual))
        self.last = (nn.Conv3d if is_visual else nn.Conv2d)(widths[1], widths[1], 1, bias=False)
        self.bn_last = _norm(widths[1], is_visual)

    def forward(self, x: Tensor) -> Tensor:
        paths = [self._apply_two(x, f"{self._across}_{size}", f"t_{size}") for size in (3, 5)]
        return functional.relu(self.bn_last(self.last(paths[0] + paths[1])))

    def _apply_two(self, x: Tensor, *names: str) -> Tensor:
        for name in names:
            x = functional.relu(self.get_submodule(f"bn_{name}")(self.get_submodule(name)(x)))
        return x


class _Encoder(nn.Module):
    """Three branches, the first two followed by a pooling that halves pictures, or time in a spectrum."""

    def __init__(self, is_visual: bool) -> None:
        super().__init__()
        self._is_visual = is_visual
        across, stride = ("s", 2) if is_visual else ("m", 1)
        self.block1 = _Branch(across, (1, 32), is_visual, stride)
        self.block2 = _Branch(across, (32, 64), is_visual)
        self.block3 = _Branch(across, (64, 128), is_visual)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, 128) of pictures (B, 1, T, S, S), or of a spectrum (B, 1, 13, 4 T)."""
        x = self.block3(self._pool(self.block2(self._pool(self.block1(x)))))
        rows = x.amax(dim=(3, 4)) if self._is_visual else x.mean(dim=2)
        return rows.transpose(1, 2)

    def _pool(self, x: Tensor) -> Tensor:
        if self._is_visual:
            return functional.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
        return functional.max_pool2d(x, (1, 3), (1, 2), (0, 1))


class _Context(nn.Module):
    """A recurrent layer forwards in time, then one backwards."""

    def __init__(self) -> None:
        super().__init__()
        self.gru_forward = nn.GRU(128, 128, batch_first=True)
        self.gru_backward = nn.GRU(128, 128, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.gelu(self.gru_forward(x)[0]).flip(1)
        return functional.gelu(self.gru_backward(x)[0].flip(1))


class LightAsd(nn.Module):
    """Looks at pictures 25 a second, listens to MFCC 100 a second, and says of each picture whether the face speaks."""

    def __init__(self) -> None:
        super().__init__()
        self.visualEncoder = _Encoder(is_visual=True)
        self.audioEncoder = _Encoder(is_visual=False)
        self.GRU = _Context()
        self.FC = nn.Linear(128, 2)

    @classmethod
    def load(cls, path: Path) -> "LightAsd":
        stored = torch.load(path, map_location="cpu", weights_only=True)
        names = {name: name.removeprefix("model.").removeprefix("lossAV.") for name in stored}
        net = cls()
        net.load_state_dict({short: stored[name] for name, short in names.items() if not name.startswith("lossV.")})
        return net.eval()

    def look(self, pictures: Tensor) -> Tensor:
        """(B, T, 128) of pictures (B, T, 112, 112), grey in 0..255."""
        seen: Tensor = self.visualEncoder((pictures[:, None] / 255 - _MEAN) / _DEVIATION)
        return seen

    def forward(self, seen: Tensor, mfcc: Tensor) -> Tensor:
        """(B, T) scores, positive where the face speaks, of what `look` gives and of MFCC (B, 4 T, 13)."""
        heard = self.audioEncoder(mfcc[:, None].transpose(2, 3))
        scores: Tensor = self.FC(self.GRU(seen + heard))[..., 1]
        return scores


def _pair(widths: tuple[int, int], size: int, is_visual: bool, stride: int) -> tuple[nn.Module, nn.Module]:
    """A convolution over a picture, or over a spectrum's bands, and one over time; both `size` wide."""
    before, after = widths
    half = size // 2
    if is_visual:
        across = nn.Conv3d(before, after, (1, size, size), (1, stride, stride), (0, half, half), bias=False)
        return across, nn.Conv3d(after, after, (size, 1, 1), padding=(half, 0, 0), bias=False)
    bands = nn.Conv2d(before, after, (size, 1), padding=(half, 0), bias=False)
    return bands, nn.Conv2d(after, after, (1, size), padding=(0, half), bias=False)


def _norm(width: int, is_visual: bool) -> nn.Module:
    return (nn.BatchNorm3d if is_visual else nn.BatchNorm2d)(width, eps=0.001, momentum=0.01)
