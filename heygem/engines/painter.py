"""The renderer on its device: takes crops and drawings there, paints the box that can change, and brings it back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heygem.engines.alignment import CropSpec
from heygem.engines.nets import key_point_warp
from heygem.engines.nets.renderer import FLOW_SIDE, Box, Renderer, fetch, mix
from heygem.engines.nets.resampling import enlarge, shrink
from heygem.engines.nets.residual import to_channels_last
from heygem.engines.side_by_side import SideBySide


@dataclass(frozen=True)
class Pictures:
    """N crops on the device in -1..1: `fine` (N, 3, S, S), and `coarse` (N, 4, s, s) with the open mouths in 0..1."""

    fine: Tensor
    coarse: Tensor

    def join(self, more: "Pictures") -> "Pictures":
        return Pictures(torch.cat([self.fine, more.fine]), torch.cat([self.coarse, more.coarse]))

    def pick(self, rows: Sequence[int]) -> "Pictures":
        """Those of `rows`, in their order; nothing is copied where they are all the same."""
        if len(set(rows)) == 1:
            row = slice(rows[0], rows[0] + 1)
            return Pictures(*(part[row].expand(len(rows), -1, -1, -1) for part in (self.fine, self.coarse)))
        return Pictures(*(torch.stack([part[row] for row in rows]) for part in (self.fine, self.coarse)))


@dataclass(frozen=True)
class Painter:
    """`spec` is the crop of its pictures, `box` the part of them that it paints, `hidden` (1, 1, S, S)."""

    net: Renderer
    spec: CropSpec
    device: torch.device
    box: Box
    hidden: Tensor
    workers: SideBySide

    @classmethod
    def prepare(cls, net: Renderer, spec: CropSpec, device: torch.device) -> "Painter":
        """In half precision where the device is fast at it."""
        net.eval().requires_grad_(False)
        coarse = net.hidden.to(device)
        net = net.to(device, _fast_type(device))
        to_channels_last(net)
        net.hidden = coarse
        with torch.no_grad():
            hidden = enlarge(coarse, spec.size // coarse.shape[-1])
        return cls(net, spec, device, Box.around(coarse[0, 0]), hidden, SideBySide.on(device))

    @torch.inference_mode()
    def load(self, crops: NDArray[np.uint8], mouths: NDArray[np.uint8]) -> Pictures:
        """Crops (N, S, S, 3) BGR and drawings (N, s, s) of their open mouths."""
        fine = self._upload(crops).permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format)
        fine = fine.mul_(1 / 127.5).sub_(1)
        inner = self._upload(mouths)[:, None].float() / 255
        return Pictures(fine, torch.cat([shrink(fine, fine.shape[-1] // inner.shape[-1]), inner], dim=1))

    @torch.inference_mode()
    def paint(
        self,
        own: Pictures,
        references: Sequence[Pictures],
        drawings: NDArray[np.uint8],
        points: NDArray[np.float32],
    ) -> NDArray[np.uint8]:
        """The `box` of the faces `own`, repainted: (B, h, w, 3) uint8 BGR.

        references  R times B pictures to bend
        drawings    (B, s, s, 3) of the wanted mouths
        points      (B, 1 + R, 131, 2) of the wanted mouths and of the references, in pixels of the crop
        """
        drawing = self._upload(drawings).permute(0, 3, 1, 2).float() / 255
        places = (self._upload(points) + 0.5) * (2 / self.spec.size) - 1
        fields = key_point_warp.flow(places[:, 0], places[:, 1:], FLOW_SIDE)
        plan = self.net.plan(own.coarse[:, :3], drawing, [pictures.coarse for pictures in references], fields)
        fetched = fetch(plan.fields, [pictures.fine for pictures in references], self.box)
        image = mix(plan, own.fine, fetched, self.hidden, self.box)
        grey = image.add_(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
        return np.asarray(grey.permute(0, 2, 3, 1).contiguous().cpu().numpy())

    def _upload(self, array: NDArray[np.generic]) -> Tensor:
        """On a GPU from pinned memory, so that nobody waits for it."""
        values = torch.from_numpy(array)
        return values.pin_memory().to(self.device, non_blocking=True) if self.device.type == "cuda" else values


def _fast_type(device: torch.device) -> torch.dtype:
    if device.type == "cuda":
        return torch.float16
    fast = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return torch.bfloat16 if device.type == "cpu" and fast() else torch.float32
