"""One voice on one face, painted by Wav2Lip: as published while the voice speaks, and a mouth at rest in silence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.engines.alignment import Image, Points
from heygem.engines.engine import FaceCrop, MouthRequest, VoiceFeatures
from heygem.engines.nets.wav2lip import BANDS, WINDOW
from heygem.engines.sharpening import Sharpener
from heygem.engines.speech_motion import opening
from heygem.engines.wav2lip_face import FaceBox
from heygem.engines.wav2lip_mel import SILENCE
from heygem.engines.wav2lip_painter import FacePainter

Floats = NDArray[np.float32]

_RADIUS: Final = 0.5  # of the network's own pixels: how far apart details are that enlarging blurs
_NOTHING_HEARD: Final = np.full((BANDS, WINDOW), SILENCE, np.float32)


@dataclass(frozen=True)
class Wav2LipPerformance:
    """A Performance. `voice` is (T, 81) at 80 Hz: the spectrum, and how much the mouth moves, 0 in silence.

    `resting` (96, 96, 3) is this person with the mouth shut, None where there is no such picture.
    """

    painter: FacePainter
    box: FaceBox
    voice: VoiceFeatures
    resting: Image | None
    sharpener: Sharpener

    @classmethod
    def begin(
        cls, painter: FacePainter, box: FaceBox, voice: VoiceFeatures, references: Sequence[FaceCrop]
    ) -> "Wav2LipPerformance":
        """Measures on the `references`, painted as they are at rest, how much sharper the person is than the paint."""
        if not references:
            return cls(painter, box, voice, None, Sharpener(0.0, 1.0))
        gaps = [float(opening(reference.points)) / np.ptp(reference.points[:, 0]) for reference in references]
        small = np.stack([box.shrink(reference.image) for reference in references])
        painted = painter.paint(small, small, np.repeat(_NOTHING_HEARD[None], len(small), axis=0))
        within = box.pasted_rows, box.pasted_columns
        sharp = [reference.image[within] for reference in references]
        soft = [box.enlarge(face, r.image)[within] for face, r in zip(painted, references, strict=True)]
        radius_px = _RADIUS * (box.rows.stop - box.rows.start) / len(small[0])
        return cls(
            painter, box, voice, small[int(np.argmin(gaps))], Sharpener.measure(soft, sharp, box.pasted_mask, radius_px)
        )

    def paint(self, requests: Sequence[MouthRequest]) -> NDArray[np.uint8]:
        """The patches, (N, S, S, 3) uint8 BGR."""
        workers = self.painter.workers
        parts = workers.map(self._paint, [requests[part] for part in workers.split(len(requests))])
        size = len(self.box.mask)
        return np.concatenate([np.zeros((0, size, size, 3), np.uint8), *parts])

    def skip(self, points: Points, time_s: float) -> None:
        """Every frame is painted by itself: there is nothing to remember."""

    def _paint(self, requests: Sequence[MouthRequest]) -> NDArray[np.uint8]:
        faces = np.stack([self.box.shrink(request.face.image) for request in requests])
        shares = np.array([self.find_share(request.time_s) for request in requests], np.float32)
        heard = np.stack([self.hear(request.time_s) for request in requests])
        speaks, rests = np.flatnonzero(shares > 0), np.flatnonzero(shares < 1)
        asleep = faces[rests] if self.resting is None else np.repeat(self.resting[None], len(rests), axis=0)
        painted = self.painter.paint(
            np.concatenate([faces[speaks], faces[rests]]),
            np.concatenate([faces[speaks], asleep]),
            np.concatenate([heard[speaks], np.repeat(_NOTHING_HEARD[None], len(rests), axis=0)]),
        )
        shown = np.zeros(faces.shape, np.float32)
        shown[speaks] += painted[: len(speaks)] * shares[speaks, None, None, None]
        shown[rests] += painted[len(speaks) :] * (1 - shares[rests, None, None, None])
        return np.stack([self._finish(face, r.face.image) for face, r in zip(shown, requests, strict=True)])

    def _finish(self, painted: Floats, crop: Image) -> Image:
        patch = self.box.enlarge(painted, crop)
        within = self.box.pasted_rows, self.box.pasted_columns
        patch[within] = self.sharpener.sharpen(patch[within])
        return patch

    def hear(self, time_s: float) -> Floats:
        """(80, 16): the spectrum from that moment on; at the voice's end its last rows, as published."""
        rows = self.voice.values
        start = max(0, min(self._row(time_s), len(rows) - WINDOW))
        window = rows[start : start + WINDOW, :BANDS]
        missing = WINDOW - len(window)  # of a voice of less than a fifth of a second
        return np.pad(window, ((0, missing), (0, 0)), constant_values=SILENCE).T

    def find_share(self, time_s: float) -> float:
        """In 0..1: how much of the mouth's movement is to be seen at that moment."""
        row, rows = self._row(time_s), self.voice.values
        return float(rows[row, BANDS]) if 0 <= row < len(rows) else 0.0

    def _row(self, time_s: float) -> int:
        return int(np.floor(time_s * self.voice.rate_hz + 1e-6))
