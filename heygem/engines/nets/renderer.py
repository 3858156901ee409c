"""The network that paints a mouth: bends other frames of the same person to the wanted key points, and mends the sum.

The reference frames are first bent by their key points alone; the network then refines where each pixel is fetched
from, how the references are mixed near the lips (elsewhere the first, the nearest, stands alone), and what none of them
shows. So lips, skin and teeth keep the source's sharpness.
Knows nothing of voices, of cropping and of pasting back.
"""

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from heygem.engines.nets import key_point_warp

REFERENCES: Final = 3
FLOW_SIDE: Final = 64  # points of a flow along a side: one per two pixels of the network's crop
_REACH: Final = 0.1  # the furthest that the network moves a bent pixel, half crops


class Painting(NamedTuple):
    """`image` (B, 3, S, S); `mended` what was added in it, (B, 3, S, S); `fetched` (B, R, 3, S, S) before mixing."""

    image: Tensor
    mended: Tensor
    fetched: Tensor


class Renderer(nn.Module):
    """Pictures are in -1..1, channels first.

    The network itself works at the size s of `hidden`, a multiple of 16; pictures may have any multiple of it as their
    size S: flows, mixture and mending are enlarged, the references are fetched at full size.
    """

    hidden: Tensor

    def __init__(self, hidden: Tensor, width: int = 48) -> None:
        super().__init__()
        self.register_buffer("hidden", hidden[None, None].clone())
        seen = 3 + 3 + 4 * REFERENCES
        half = width // 2
        self.stem = nn.Sequential(nn.Conv2d(4 * seen, half, 3, padding=1), nn.SiLU())
        self.down1 = nn.Conv2d(half, width, 3, stride=2, padding=1)
        self.enc1 = nn.Sequential(_Residual(width), _Residual(width))
        self.down2 = nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)
        self.enc2 = nn.Sequential(_Residual(2 * width), _Residual(2 * width))
        self.down3 = nn.Conv2d(2 * width, 3 * width, 3, stride=2, padding=1)
        self.middle = nn.Sequential(_Residual(3 * width), _Residual(3 * width))
        self.up2 = nn.Conv2d(3 * width, 2 * width, 1)
        self.dec2 = nn.Sequential(_Residual(2 * width), _Residual(2 * width))
        self.up1 = nn.Conv2d(2 * width, width, 1)
        self.dec1 = nn.Sequential(_Residual(width), _Residual(width))
        self.move = nn.Conv2d(width, 2 * REFERENCES, 3, padding=1)
        self.up0 = nn.Conv2d(width, half, 1)
        self.dec0 = nn.Sequential(nn.Conv2d(2 * half, half, 3, padding=1), nn.SiLU(), _Residual(half))
        self.paint = nn.Conv2d(half, 4 * (3 + REFERENCES), 3, padding=1)
        self.apply(_start)
        for last in (self.move, self.paint):
            nn.init.normal_(last.weight, std=2e-3)
        believed = torch.zeros(4 * (3 + REFERENCES))
        believed[4 * 3 : 4 * 4] = 1.5  # the first reference is the nearest, to begin with
        self.paint.bias = nn.Parameter(believed)

    def forward(self, face: Tensor, drawing: Tensor, references: Tensor, fields: Tensor) -> Painting:
        """Repaint the hidden part of `face` (B, 3, S, S).

        drawing     (B, 3, s, s) in 0..1, the wanted lips and jaw
        references  (B, R, 4, S, S) other pictures of the person, the fourth channel their open mouths, in 0..1
        fields      (B, R, s/2, s/2, 2) from where the wanted key points fetch the references
        """
        batch, count = references.shape[:2]
        size, coarse = face.shape[-1], self.hidden.shape[-1]
        flat, fields = references.flatten(0, 1), fields.flatten(0, 1)
        bent = key_point_warp.sample(_shrink(flat, coarse), key_point_warp.enlarge(fields, coarse))
        seen = _shrink(face, coarse) * (1 - self.hidden)
        given = torch.cat([seen, drawing, bent.reshape(batch, 4 * count, coarse, coarse)], dim=1)
        cells = functional.pixel_unshuffle(given.contiguous(), 2).to(self.move.weight.dtype)
        move, paint = self._look(cells.contiguous(memory_format=torch.channels_last))
        move = torch.tanh(move.float()).reshape(batch * count, 2, *move.shape[2:]).permute(0, 2, 3, 1) * _REACH
        move = key_point_warp.enlarge(move, fields.shape[1])
        fetched = key_point_warp.sample(flat[:, :3], key_point_warp.enlarge(fields + move, size))
        fetched = fetched.reshape(batch, count, 3, size, size)
        mended, others = paint[:, :3].float(), paint[:, 3:].float().softmax(dim=1)[:, 1:] * _near_lips(drawing)
        mix = torch.cat([1 - others.sum(dim=1, keepdim=True), others], dim=1)
        mended, mix = _grow(mended, size), _grow(mix, size)
        mixed = (mix[:, :, None] * fetched).sum(dim=1)
        image = torch.lerp(face, mixed + mended, _grow(self.hidden, size))
        return Painting(image, mended, fetched)

    def _look(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """The move of the flow (B, 2R, s/4, s/4), and mending and mixture (B, 3 + R, s, s)."""
        at0 = self.stem(cells)
        at1 = self.enc1(self.down1(at0))
        at2 = self.enc2(self.down2(at1))
        low = self.middle(self.down3(at2))
        at2 = self.dec2(at2 + self.up2(_double(low)))
        at1 = self.dec1(at1 + self.up1(_double(at2)))
        at0 = self.dec0(torch.cat([at0, _double(self.up0(at1))], dim=1))
        return self.move(at1), functional.pixel_shuffle(self.paint(at0).contiguous(), 2)


class _Residual(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(functional.silu(self.first(functional.silu(x))))
        return x + y


def _start(module: nn.Module) -> None:
    """Weights that keep the size of what passes through; residual branches begin small."""
    if isinstance(module, nn.Conv2d) and module.bias is not None:
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)
    elif isinstance(module, _Residual):
        with torch.no_grad():
            module.second.weight.mul_(0.3)


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def _near_lips(drawing: Tensor) -> Tensor:
    """(B, 1, s, s): 1 on the lips and a finger's breadth around, then falling to 0.

    Where no lips are, other pictures have nothing to add to the first, which is the frame itself.
    """
    side = drawing.shape[-1]
    lips = functional.max_pool2d(drawing[:, :1], 8)
    wide = functional.max_pool2d(lips, 3, stride=1, padding=1)
    soft = functional.avg_pool2d(wide, 5, stride=1, padding=2)
    return functional.interpolate(soft, size=(side, side), mode="bilinear", align_corners=False)


def _shrink(pictures: Tensor, side: int) -> Tensor:
    factor = pictures.shape[-1] // side
    if factor == 2:  # the same mean of four, in half the time
        return functional.interpolate(pictures, size=(side, side), mode="bilinear", align_corners=False)
    return pictures if factor == 1 else functional.avg_pool2d(pictures, factor)


def _grow(pictures: Tensor, side: int) -> Tensor:
    if pictures.shape[-1] == side:
        return pictures
    return functional.interpolate(pictures, size=(side, side), mode="bilinear", align_corners=False)
