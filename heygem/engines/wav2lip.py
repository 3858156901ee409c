"""Wav2Lip as a lip-sync engine: the most used public weights, which their owners allow for research alone.

Source: Prajwal et al., A lip sync expert is all you need for speech to lip generation in the wild, 2020.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import tee
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from heygem.domain.errors import EngineNotInstalledError
from heygem.engines import mel, wav2lip_mel
from heygem.engines.alignment import CropSpec
from heygem.engines.device import name_device
from heygem.engines.engine import FaceCrop, VoiceFeatures
from heygem.engines.model_files import find_wav2lip
from heygem.engines.nets.wav2lip import BANDS, Wav2LipNet
from heygem.engines.voice_gate import level, voice_gate
from heygem.engines.wav2lip_face import CROP, FaceBox
from heygem.engines.wav2lip_painter import FacePainter
from heygem.engines.wav2lip_performance import Wav2LipPerformance
from heygem.engines.wav2lip_weights import fill, load_checkpoint
from heygem.engines.weights import ID_DIGITS, identify_weights

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Wav2LipEngine:
    """A LipSyncEngine; `load` builds it. Deterministic on one device, as long as its memory suffices."""

    painter: FacePainter
    box: FaceBox
    weights_id: str
    name: str = "wav2lip"
    reference_count: int = 6

    @classmethod
    def load(
        cls, models: Path, device: torch.device, check: Callable[[Path], str] = identify_weights
    ) -> "Wav2LipEngine":
        """With the weights in the folder `models`; `check` gives their file's SHA-256 unless it is not trusted.

        Raises EngineNotInstalledError, WeightsError.
        """
        path = find_wav2lip(models)
        if path is None:
            raise EngineNotInstalledError(engine=cls.name)
        sha256 = check(path)
        net = Wav2LipNet()
        fill(net, load_checkpoint(path), path)
        net.fold()
        return cls(FacePainter.prepare(net, device), FaceBox.of(CROP), sha256[:ID_DIGITS])

    @property
    def device_name(self) -> str:
        return name_device(self.painter.device)

    @property
    def crop(self) -> CropSpec:
        return CROP

    @property
    def paste_mask(self) -> NDArray[np.float32]:
        """The lower face alone, with a soft edge; the network paints the whole of it again."""
        return self.box.mask

    @property
    def batch_size(self) -> int:
        return self.painter.workers.count * self.painter.batch

    def listen(self, waveform: Iterable[Floats]) -> VoiceFeatures:
        """The voice's spectrum and how much the mouth moves, 0 in silence: (T, 81) at 80 Hz.

        Memory grows by 26 kB for a second of voice, by no more than that.
        """
        rows: list[Floats] = []
        levels: list[Floats] = []
        for _, into, block in _in_step(waveform):
            (rows if into else levels).append(block if into else level(block))
        if not rows:
            return VoiceFeatures(np.zeros((0, BANDS + 1), np.float32), wav2lip_mel.RATE_HZ)
        gate = voice_gate(np.concatenate(levels))
        spectrum = np.concatenate(rows)
        moments = np.arange(len(spectrum)) * (mel.RATE_HZ / wav2lip_mel.RATE_HZ)
        share = np.interp(moments, np.arange(len(gate)), gate).astype(np.float32)
        return VoiceFeatures(np.hstack([spectrum, share[:, None]]), wav2lip_mel.RATE_HZ)

    def perform(self, voice: VoiceFeatures, faces: Floats, references: Sequence[FaceCrop]) -> Wav2LipPerformance:
        del faces  # the network sees the person in each frame
        return Wav2LipPerformance.begin(self.painter, self.box, voice, references)


def _in_step(waveform: Iterable[Floats]) -> Iterator[tuple[float, bool, Floats]]:
    """Blocks of both spectra of one voice, (moment, whether it is Wav2Lip's, rows), in the order of their moments.

    So neither is far ahead of the other, and little of the voice is held for the one behind.
    """
    ours, theirs = tee(mel.cut_pieces(waveform))

    def timed(blocks: Iterator[Floats], rate_hz: float, is_theirs: bool) -> Iterator[tuple[float, bool, Floats]]:
        rows = 0
        for block in blocks:
            yield rows / rate_hz, is_theirs, block
            rows += len(block)

    return heapq.merge(
        timed(mel.stream_mel(ours), mel.RATE_HZ, False),
        timed(wav2lip_mel.stream_mel(theirs), wav2lip_mel.RATE_HZ, True),
        key=lambda item: item[0],
    )
