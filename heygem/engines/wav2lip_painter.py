"""Wav2Lip's network on its device: takes small faces and what is heard there, in batches that fit its memory."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from heygem.domain.errors import DeviceMemoryError
from heygem.engines.nets.wav2lip import SIDE
from heygem.engines.side_by_side import SideBySide

# Faces at once for each worker. More are hardly faster, and their whole frames wait in memory meanwhile.
_GPU_BATCH: Final = 16
_CPU_BATCH: Final = 4

Faces = NDArray[np.uint8]  # (N, 96, 96, 3) BGR


@dataclass
class FacePainter:
    """`batch` faces are painted at once; fewer, ever half as many, once memory has been short."""

    net: nn.Module
    device: torch.device
    dtype: torch.dtype
    workers: SideBySide
    batch: int
    _largest: int = field(init=False)
    _shown: Tensor = field(init=False)

    def __post_init__(self) -> None:
        self._largest = self.batch
        self._shown = torch.zeros(SIDE, 1, device=self.device, dtype=self.dtype)
        self._shown[: SIDE // 2] = 1

    @classmethod
    def prepare(cls, net: nn.Module, device: torch.device) -> "FacePainter":
        """In half precision on a GPU of NVIDIA's."""
        on_gpu = device.type == "cuda"
        dtype = torch.float16 if on_gpu else torch.float32
        net = net.to(device, dtype)
        return cls(net, device, dtype, SideBySide.on(device), _GPU_BATCH if on_gpu else _CPU_BATCH)

    def paint(self, faces: Faces, references: Faces, heard: NDArray[np.float32]) -> NDArray[np.float32]:
        """`faces`, (N, 96, 96, 3) in 0..1, their lower halves painted to say what is `heard`, (N, 80, 16).

        Row by row as the `references`, faces of the same person, suggest. Raises DeviceMemoryError.
        """
        painted, start = [np.zeros((0, SIDE, SIDE, 3), np.float32)], 0
        while start < len(faces):
            size = self._largest
            part = slice(start, start + size)
            try:
                painted.append(self._paint(faces[part], references[part], heard[part]))
            except torch.OutOfMemoryError as error:
                self._make_smaller(size, error)
                continue
            start += size
        return np.concatenate(painted)

    def _make_smaller(self, size: int, error: torch.OutOfMemoryError) -> None:
        if size == 1:
            raise DeviceMemoryError(device=str(self.device)) from error
        self._largest = min(self._largest, size // 2)  # another thread may have been here
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    @torch.inference_mode()
    def _paint(self, faces: Faces, references: Faces, heard: NDArray[np.float32]) -> NDArray[np.float32]:
        own, others = self._upload(faces), self._upload(references)
        seen = torch.cat([own * self._shown, others], dim=1).contiguous(memory_format=torch.channels_last)
        spectrum = torch.from_numpy(heard).to(self.device, self.dtype)[:, None]
        painted: Tensor = self.net(spectrum, seen)
        return np.asarray(painted.permute(0, 2, 3, 1).float().cpu().numpy())

    def _upload(self, faces: Faces) -> Tensor:
        """(N, 3, 96, 96) in 0..1."""
        return torch.from_numpy(faces).to(self.device).permute(0, 3, 1, 2).to(self.dtype) / 255
