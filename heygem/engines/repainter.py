"""Repaints the mouth of a crop to wanted key points, with other pictures of the same person at hand.

Knows nothing of voices: whoever asks says where the lips have to be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from heygem.engines.alignment import CropSpec, Points
from heygem.engines.engine import FaceCrop
from heygem.engines.mouth_drawing import CROP, draw
from heygem.engines.nets import key_point_warp
from heygem.engines.nets.renderer import FLOW_SIDE, REFERENCES, Renderer
from heygem.engines.nets.residual import to_channels_last
from heygem.engines.reference_choice import measure_turn, nearest, openest
from heygem.engines.speech_motion import opening

_MOST_TURNED: Final = 0.045  # face units; a reference turned more differently would show teeth askew


@dataclass(frozen=True)
class Painter:
    """The renderer on its device, and the crop that its pictures have."""

    net: Renderer
    spec: CropSpec
    device: torch.device

    @classmethod
    def prepare(cls, net: Renderer, spec: CropSpec, device: torch.device) -> "Painter":
        """In half precision where the device is fast at it."""
        net.eval().requires_grad_(False)
        hidden = net.hidden.to(device)
        net = net.to(device, _fast_type(device))
        to_channels_last(net)
        net.hidden = hidden
        return cls(net, spec, device)

    @torch.inference_mode()
    def paint(
        self, faces: Tensor, pictures: Tensor, drawings: NDArray[np.uint8], points: NDArray[np.float32]
    ) -> NDArray[np.uint8]:
        """(B, S, S, 3) uint8 BGR: `faces` (B, 4, S, S) repainted.

        pictures  (B, R, 4, S, S) on the device: crops in -1..1 and, fourth channel, their open mouths in 0..1
        drawings  (B, s, s, 3) of the wanted mouths
        points    (B, 1 + R, 131, 2) of the wanted mouths and of the pictures, in pixels of the crop
        """
        drawing = torch.from_numpy(drawings).to(self.device).permute(0, 3, 1, 2).float() / 255
        places = torch.from_numpy((points + 0.5) * (2 / self.spec.size) - 1).float().to(self.device)
        fields = key_point_warp.flow(places[:, 0], places[:, 1:], FLOW_SIDE)
        image = self.net(faces[:, :3], drawing, pictures, fields).image
        grey = ((image + 1) * 127.5).round_().clamp_(0, 255).to(torch.uint8)
        return np.asarray(grey.permute(0, 2, 3, 1).contiguous().cpu().numpy())


class Repainter:
    """One person's references on the device. Remembers which was used last, so that they do not flicker."""

    def __init__(self, painter: Painter, references: Sequence[FaceCrop]) -> None:
        self._painter = painter
        self._count = len(references)
        self._last: int | None = None
        if references:
            self._points = np.stack([face.points for face in references])
            self._openings = opening(self._points)
            self._pictures = self.load(references)

    def load(self, faces: Sequence[FaceCrop]) -> Tensor:
        """(N, 4, S, S) on the device: the crops in -1..1 and their open mouths in 0..1."""
        inner = np.stack([draw(face.points, self._painter.spec.size)[..., 1] for face in faces])
        crops = torch.from_numpy(np.stack([face.image for face in faces])).to(self._painter.device)
        mouths = torch.from_numpy(inner).to(self._painter.device)[:, None].float() / 255
        return torch.cat([crops.permute(0, 3, 1, 2).float() / 127.5 - 1, mouths], dim=1)

    def repaint(
        self, faces: Sequence[FaceCrop], wanted: Sequence[Points], donors: Sequence[FaceCrop] | None = None
    ) -> NDArray[np.uint8]:
        """`faces` with mouths at the key points `wanted`: (N, S, S, 3) uint8 BGR, as they are outside the hidden part.

        What is bent first is the face itself, or, to measure how well that works, the `donors`.
        """
        own = self.load(faces)
        bent = own if donors is None else self.load(donors)
        pictures, places = [], []
        for face, points, picture in zip(donors or faces, wanted, bent, strict=True):
            chosen = self._choose(points)
            others = [self._pictures[i] for i in chosen] or [picture] * (REFERENCES - 1)
            spots = [self._points[i] for i in chosen] or [face.points] * (REFERENCES - 1)
            pictures.append(torch.stack([picture, *others]))
            places.append(np.stack([points, face.points, *spots]))
        shrink = CROP.size / self._painter.spec.size
        drawings = np.stack([draw((points + 0.5) * shrink - 0.5, CROP.size) for points in wanted])
        return self._painter.paint(own, torch.stack(pictures), drawings, np.stack(places))

    def _choose(self, points: Points) -> list[int]:
        """Which references to bend: the one most alike and an open mouth; none if none is turned like this."""
        if not self._count:
            return []
        if measure_turn(points, self._points).min() > _MOST_TURNED * self._painter.spec.scale:
            self._last = None
            return []
        self._last = nearest(points, self._points, self._last)
        return [self._last, openest(points, self._points, self._openings)]


def _fast_type(device: torch.device) -> torch.dtype:
    if device.type == "cuda":
        return torch.float16
    fast = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    return torch.bfloat16 if device.type == "cpu" and fast() else torch.float32
