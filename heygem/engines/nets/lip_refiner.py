"""The network that finds the lips once more, in a crop of the mouth alone, where they have more pixels.

Its crop comes from the landmark network's own lips; knows nothing of it. Distilled from the same teacher.
"""

from typing import Final

import torch
from torch import Tensor, nn

from heygem.engines.nets.residual import ConvNorm, Residual

CROP_SIZE: Final = 64
POINTS: Final = 40  # of landmarks.LIPS
CHANNELS: Final = (24, 32, 48, 64)


class LipNet(nn.Module):
    """Residual stages to 4x4, from which, and from the 8x8 features, the points are regressed."""

    def __init__(self, channels: tuple[int, ...] = CHANNELS, detail: int = 16) -> None:
        super().__init__()
        c0, c1, c2, c3 = channels
        self.stem = ConvNorm(3, c0, stride=2)
        self.fine = nn.Sequential(Residual(c0, c1, stride=2), Residual(c1, c2, stride=2), Residual(c2, c2))
        self.coarse = Residual(c2, c3, stride=2)
        self.detail = ConvNorm(c2, detail, kernel=1)
        side = CROP_SIZE // 16
        self.points = nn.Linear(c3 * side**2 + detail * (2 * side) ** 2, POINTS * 2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, 64, 64) in -1..1 to points (N, 40, 2), 0..1 across the crop."""
        fine = self.fine(self.stem(x))
        coarse = self.coarse(fine)
        with torch.autocast(x.device.type, enabled=False):
            features = torch.cat([coarse.float().flatten(1), self.detail(fine.float()).flatten(1)], dim=1)
            points: Tensor = self.points(features).view(-1, POINTS, 2) + 0.5
            return points
