"""The lip-sync engine that comes with the product: small networks that hear lip motion and paint mouths.

The voice becomes key points of this person's lips and jaw; the renderer bends the frame itself and two reference
frames of the same person to those key points and mends what is missing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from heygem.engines import lip_listener
from heygem.engines.alignment import CropSpec
from heygem.engines.device import name_device
from heygem.engines.engine import FaceCrop, VoiceFeatures
from heygem.engines.mouth_drawing import CROP, hidden_mask
from heygem.engines.mouth_performance import MouthPerformance
from heygem.engines.nets.lip_motion import LipMotionChoir
from heygem.engines.nets.renderer import Renderer
from heygem.engines.painter import Painter
from heygem.engines.repainter import Repainter
from heygem.engines.speech_motion import MotionBasis, know_speaker
from heygem.engines.weights import filled_from, identify_weights, load_weights, read_metadata

LIP_MOTION_FILE: Final = "lip_motion.safetensors"
RENDERER_FILE: Final = "renderer.safetensors"

_ENLARGED: Final = 2  # pictures are this many times finer than what the renderer's network looks at

_FITS_THE_CACHE: Final = 4  # faces that one core paints at once; with more, it waits for memory


@dataclass(frozen=True)
class EmbeddedEngine:
    """A LipSyncEngine; `load` builds it. Deterministic on one device."""

    listener: nn.Module
    basis: MotionBasis
    gain: float
    painter: Painter
    weights_id: str
    name: str = "embedded"
    reference_count: int = 10

    @classmethod
    def load(cls, models: Path, device: torch.device) -> "EmbeddedEngine":
        """With the weights in the folder `models`. Raises WeightsError."""
        path = models / LIP_MOTION_FILE
        with filled_from(path):
            heard, about = load_weights(path), read_metadata(path)
            motion = {name: heard.pop(name) for name in list(heard) if name.startswith("motion.")}
            basis, gain = MotionBasis.from_weights(motion), float(about["gain"])
            listener = LipMotionChoir(**about["config"])
            listener.load_state_dict(heard)
        path = models / RENDERER_FILE
        with filled_from(path):
            hidden = torch.from_numpy(hidden_mask())
            renderer = Renderer(hidden, **read_metadata(path)["config"])
            renderer.load_state_dict(load_weights(path) | {"hidden": hidden[None, None]})  # drawn, not stored
        spec = replace(CROP, size=CROP.size * _ENLARGED)
        painter = Painter.prepare(renderer, spec, device)
        weights_id = identify_weights(models / LIP_MOTION_FILE, models / RENDERER_FILE)
        return cls(listener.eval().to(device), basis, gain, painter, weights_id)

    @property
    def device_name(self) -> str:
        return name_device(self.painter.device)

    @property
    def crop(self) -> CropSpec:
        return self.painter.spec

    @property
    def paste_mask(self) -> NDArray[np.float32]:
        """1 wherever the renderer changes much; what it leaves alone at the rim fades to 0."""
        return np.asarray(np.clip(2.5 * hidden_mask(self.crop), 0, 1), dtype=np.float32)

    @property
    def batch_size(self) -> int:
        return self.painter.workers.count * (16 if self.painter.device.type == "cuda" else _FITS_THE_CACHE)

    def listen(self, waveform: Iterable[NDArray[np.float32]]) -> VoiceFeatures:
        """The voice as lip motion, (T, K + 1) at 50 Hz, see lip_listener."""
        return lip_listener.listen(self.listener, self.painter.device, self.gain, waveform)

    def perform(
        self, voice: VoiceFeatures, faces: NDArray[np.float32], references: Sequence[FaceCrop]
    ) -> MouthPerformance:
        speaker = know_speaker(self.basis, faces)
        return MouthPerformance(Repainter(self.painter, references), self.crop, self.basis, speaker, voice)
