"""The network that finds 131 landmarks in an upright crop around a face, and says whether there is one at all.

Knows nothing of where its crop comes from. Distilled from the MediaPipe Face Landmarker's mesh.
"""

from typing import Final

import torch
from torch import Tensor, nn

from heygem.domain import landmarks
from heygem.engines.nets.residual import ConvNorm, Residual

CROP_SIZE: Final = 128
CHANNELS: Final = (24, 32, 48, 80, 128)


class LandmarkNet(nn.Module):
    """Residual stages to 4x4; points are regressed from the 4x4 and, for fine detail, the 8x8 features."""

    def __init__(self, channels: tuple[int, ...] = CHANNELS, detail: int = 16) -> None:
        super().__init__()
        c0, c1, c2, c3, c4 = channels
        self.stem = nn.Sequential(ConvNorm(3, c0, stride=2), Residual(c0, c1, stride=2))
        self.middle = nn.Sequential(Residual(c1, c2, stride=2), Residual(c2, c2), Residual(c2, c3, stride=2))
        self.fine = nn.Sequential(Residual(c3, c3))
        self.coarse = nn.Sequential(Residual(c3, c4, stride=2))
        self.detail = ConvNorm(c3, detail, kernel=1)
        side = CROP_SIZE // 32
        features = c4 * side**2 + detail * (2 * side) ** 2
        self.points = nn.Linear(features, landmarks.COUNT * 2)
        # A branch of its own: the features that points are regressed from tell little of whether there is a face.
        self.presence = nn.Sequential(ConvNorm(c3, 32, stride=2), nn.Flatten(), nn.Linear(32 * side**2, 1))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, 128, 128) in -1..1 to points (N, 131, 2), 0..1 across the crop, and presence logits (N,)."""
        fine = self.fine(self.middle(self.stem(x)))
        coarse = self.coarse(fine)
        with torch.autocast(x.device.type, enabled=False):
            features = torch.cat([coarse.float().flatten(1), self.detail(fine.float()).flatten(1)], dim=1)
            points = self.points(features).view(-1, landmarks.COUNT, 2) + 0.5
            return points, self.presence(fine.float())[:, 0]
