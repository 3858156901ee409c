"""The network that paints a mouth: bends other frames of the same person to the wanted key points, and mends the sum.

The reference frames are first bent by their key points alone; the network then refines where each pixel is fetched
from, how the references are mixed near the lips (elsewhere the first, the nearest, stands alone), and what none of them
shows. So lips, skin and teeth keep the source's sharpness.
Knows nothing of voices, of cropping and of pasting back.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from heygem.engines.nets.key_point_warp import sample
from heygem.engines.nets.resampling import enlarge, fold, unfold

REFERENCES: Final = 3
FLOW_SIDE: Final = 64  # points of a flow along a side: one per two pixels of the network's crop
_REACH: Final = 0.1  # the furthest that the network moves a bent pixel, half crops


class Box(NamedTuple):
    """A part of a crop, in points of a flow, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, mask: Tensor) -> "Box":
        """What of `mask` (s, s) is not 0, and a point's breadth more where the crop goes on."""
        cell = mask.shape[-1] // FLOW_SIDE
        rows, columns = (mask.amax(dim=axis).nonzero().flatten() // cell for axis in (1, 0))
        low = [max(int(found[0]) - 1, 0) for found in (columns, rows)]
        high = [min(int(found[-1]) + 2, FLOW_SIDE) for found in (columns, rows)]
        return cls(*low, *high)

    def slices(self, side: int) -> tuple[slice, slice]:
        """The rows and columns of pictures with `side` pixels along a side."""
        cell = side // FLOW_SIDE
        return slice(self.top * cell, self.bottom * cell), slice(self.left * cell, self.right * cell)

    def cut(self, planes: Tensor) -> Tensor:
        """The part in `planes` (..., H, W), which may be as fine as they like."""
        return planes[..., *self.slices(planes.shape[-1])]


WHOLE: Final = Box(0, 0, FLOW_SIDE, FLOW_SIDE)


class Plan(NamedTuple):
    """What the network wants painted.

    fields  (B, R, 2, s/2, s/2) from where to fetch each reference
    mended  (B, 3, s, s) to add
    others  (B, R - 1, s, s) the shares of the second and later references; the rest is the first's
    """

    fields: Tensor
    mended: Tensor
    others: Tensor


class Painting(NamedTuple):
    """`image` (B, 3, S, S); `mended` what was added in it, (B, 3, S, S); `fetched` (B, R, 3, S, S) before mixing."""

    image: Tensor
    mended: Tensor
    fetched: Tensor


class Renderer(nn.Module):
    """Pictures are in -1..1, channels first.

    The network plans at the size s of `hidden`, a multiple of 16. What is planned can be painted at any multiple of it:
    flows, mixture and mending are enlarged, the references are fetched at full size.
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
        """Repaint the hidden part of `face` (B, 3, s, s); all else as `plan` has it, but `references` (B, R, 4, s, s).

        This is how the network is trained.
        """
        plan = self.plan(face, drawing, references.unbind(1), fields)
        fetched = fetch(plan.fields, references[:, :, :3].unbind(1))
        return Painting(mix(plan, face, fetched, self.hidden), plan.mended, torch.stack(fetched, dim=1))

    def plan(self, face: Tensor, drawing: Tensor, references: Sequence[Tensor], fields: Tensor) -> Plan:
        """Look at a `face` (B, 3, s, s), of which the hidden part does not count.

        drawing     (B, 3, s, s) in 0..1, the wanted lips and jaw
        references  R of (B, 4, s, s), other pictures of the person, the fourth channel their open mouths, in 0..1
        fields      (B, R, 2, s/2, s/2) from where the wanted key points fetch the references
        """
        given = torch.cat([face * (1 - self.hidden), drawing, *fetch(fields, references)], dim=1)
        move, planned = self._look(fold(given, self.move.weight.dtype))
        move = enlarge(torch.tanh(move.float().contiguous()) * _REACH, 2)
        others = planned[:, 3:].softmax(dim=1)[:, 1:] * _near_lips(drawing)
        return Plan(fields + move.view(fields.shape), planned[:, :3], others)

    def _look(self, cells: Tensor) -> tuple[Tensor, Tensor]:
        """The move of the flow (B, 2R, s/4, s/4), and mending and mixture (B, 3 + R, s, s)."""
        at0 = self.stem(cells)
        at1 = self.enc1(self.down1(at0))
        at2 = self.enc2(self.down2(at1))
        low = self.middle(self.down3(at2))
        at2 = self.dec2(at2 + self.up2(_double(low)))
        at1 = self.dec1(at1 + self.up1(_double(at2)))
        at0 = self.dec0(torch.cat([at0, _double(self.up0(at1))], dim=1))
        return self.move(at1), unfold(self.paint(at0))


def fetch(fields: Tensor, pictures: Sequence[Tensor], box: Box = WHOLE) -> list[Tensor]:
    """The part in `box` of each of the R `pictures` (B, C, S, S), fetched from where `fields` (B, R, 2, f, f) say."""
    scale = pictures[0].shape[-1] // fields.shape[-1]
    grown = enlarge(box.cut(fields).flatten(0, 1), scale).unflatten(0, fields.shape[:2])
    return [sample(picture, field) for picture, field in zip(pictures, grown.unbind(1), strict=True)]


def mix(plan: Plan, face: Tensor, fetched: Sequence[Tensor], hidden: Tensor, box: Box = WHOLE) -> Tensor:
    """The part in `box` of `face` (B, 3, S, S) with what is `fetched` in its hidden part, mixed and mended as planned.

    `hidden` is (1, 1, S, S); at the edges of a box that are not the crop's it must be 0 for a point's breadth.
    """
    scale = face.shape[-1] // (2 * FLOW_SIDE)
    mended, others = (enlarge(box.cut(planes), scale) for planes in (plan.mended, plan.others))
    mixed = mended + fetched[0]
    for share, picture in zip(others.split(1, dim=1), fetched[1:], strict=True):
        mixed = torch.addcmul(mixed, share, picture - fetched[0])
    return torch.lerp(box.cut(face), mixed, box.cut(hidden))


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
