"""The network that finds faces in a small picture: per cell of 8 pixels a score and a box.

Anchor-free, one output level. Source: Zhou et al., Objects as points, 2019 (score map and centre), with the box
regressed from all cells near the centre as in Tian et al., FCOS, 2019.
"""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from heygem.engines.nets.residual import ConvNorm, Residual

STRIDE: Final = 8  # pixels per cell
MULTIPLE: Final = 32  # height and width of the input are multiples of this
CHANNELS: Final = (16, 24, 32, 64, 96)
WIDTH: Final = 40


class FaceDetectorNet(nn.Module):
    """Residual stages to stride 32, brought together again at stride 8."""

    def __init__(self, channels: tuple[int, ...] = CHANNELS, width: int = WIDTH) -> None:
        super().__init__()
        c0, c1, c2, c3, c4 = channels
        self.stem = nn.Sequential(ConvNorm(3, c0, stride=2), ConvNorm(c0, c1, stride=2))
        self.stage8 = nn.Sequential(Residual(c1, c2, stride=2), Residual(c2, c2))
        self.stage16 = nn.Sequential(Residual(c2, c3, stride=2), Residual(c3, c3))
        self.stage32 = nn.Sequential(Residual(c3, c4, stride=2), Residual(c4, c4))
        self.side8 = ConvNorm(c2, width, kernel=1, relu=False)
        self.side16 = ConvNorm(c3, width, kernel=1, relu=False)
        self.side32 = ConvNorm(c4, width, kernel=1, relu=False)
        self.merge16 = ConvNorm(width, width)
        self.merge8 = ConvNorm(width, width)
        self.head = nn.Conv2d(width, 5, 1)
        with torch.no_grad():
            self.head.weight.mul_(0.1)
            self.head.bias[:] = torch.tensor([-4.0, 0, 0, 0, 0])  # type: ignore[index]  # it has one; few cells have a face

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 3, H, W) in -1..1 to score logits (N, h, w) and boxes (N, 4, h, w) with h = H / 8, w = W / 8.

        A box is its middle's offset from the cell's middle, x then y, and the logarithms of its width and height,
        all in cells; `decode_boxes` makes pixels of them.
        """
        at8 = self.stage8(self.stem(x))
        at16 = self.stage16(at8)
        at32 = self.side32(self.stage32(at16))
        at16 = self.merge16(self.side16(at16) + functional.interpolate(at32, scale_factor=2.0))
        at8 = self.merge8(self.side8(at8) + functional.interpolate(at16, scale_factor=2.0))
        with torch.autocast(x.device.type, enabled=False):
            found = self.head(at8.float())
        return found[:, 0], found[:, 1:]


def decode_boxes(boxes: Tensor) -> Tensor:
    """(N, 4, h, w) as the network gives them to (N, h, w, 4) left, top, right, bottom in the input's pixels."""
    height, width = boxes.shape[2:]
    ys = torch.arange(height, device=boxes.device).view(-1, 1) + 0.5
    xs = torch.arange(width, device=boxes.device).view(1, -1) + 0.5
    size = boxes[:, 2:].clamp(-4.0, 5.0).exp()
    x, y = boxes[:, 0] + xs, boxes[:, 1] + ys
    half_w, half_h = size[:, 0] / 2, size[:, 1] / 2
    return torch.stack([x - half_w, y - half_h, x + half_w, y + half_h], dim=-1) * STRIDE
