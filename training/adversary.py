"""What tells the renderer's mouths from real ones, patch by patch, in the last part of its training.

Source: Isola et al., Image-to-image translation with conditional adversarial networks, 2017 (patches); Miyato et al.,
Spectral normalization, 2018; feature matching after Wang et al., pix2pixHD, 2018.
"""

from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.parametrizations import spectral_norm

_BOX: Final = slice(16, 112)  # the part of the crop that it looks at, both ways


class Adversary(nn.Module):
    """Looks at pictures (B, 3, S, S) in -1..1 beside their drawings (B, 3, S, S)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        sizes = [6, width, 2 * width, 4 * width]
        self.layers = nn.ModuleList(spectral_norm(nn.Conv2d(a, b, 4, stride=2, padding=1)) for a, b in pairwise(sizes))
        self.judge = spectral_norm(nn.Conv2d(sizes[-1], 1, 3, padding=1))

    def forward(self, image: Tensor, drawing: Tensor) -> tuple[Tensor, list[Tensor]]:
        """A patch map, larger is more real, and the features on the way to it."""
        x = torch.cat([image, drawing], dim=1)[..., _BOX, _BOX]
        features = []
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), 0.2)
            features.append(x)
        return self.judge(x), features


def adversary_loss(real: Tensor, painted: Tensor) -> Tensor:
    return functional.relu(1 - real).mean() + functional.relu(1 + painted).mean()


def match_loss(real: list[Tensor], painted: list[Tensor]) -> Tensor:
    pairs = zip(real, painted, strict=True)
    return torch.stack([functional.l1_loss(b.float(), a.detach().float()) for a, b in pairs]).mean()
