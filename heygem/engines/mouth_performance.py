"""One voice on one tracked face: from a moment of the voice to this person's key points, and to pictures of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from heygem.engines.alignment import CropSpec, Points
from heygem.engines.engine import MouthRequest, VoiceFeatures
from heygem.engines.repainter import Repainter
from heygem.engines.speech_motion import MotionBasis, Speaker, speak


class MouthPerformance:
    """A Performance; `voice` is lip motion as lip_listener hears it."""

    def __init__(
        self, repainter: Repainter, spec: CropSpec, basis: MotionBasis, speaker: Speaker, voice: VoiceFeatures
    ) -> None:
        self._repainter = repainter
        self._spec = spec
        self._basis = basis
        self._speaker = speaker
        self._voice = voice

    def paint(self, requests: Sequence[MouthRequest]) -> NDArray[np.uint8]:
        """The patches, (N, S, S, 3) uint8 BGR; outside of the hidden part they are the crops themselves."""
        if not requests:
            return np.zeros((0, self._spec.size, self._spec.size, 3), dtype=np.uint8)
        wanted = [self.key_points(request.face.points, request.time_s) for request in requests]
        return self._repainter.repaint([request.face for request in requests], wanted)

    def skip(self, points: Points, time_s: float) -> None:
        self._repainter.skip(self.key_points(points, time_s))

    def key_points(self, points: Points, time_s: float) -> Points:
        """The landmarks `points` as they have to be at a moment of the voice; both (131, 2) in crop pixels."""
        corner = np.array(self._spec.center, dtype=np.float32) - self._spec.side / 2
        face = ((points + 0.5) / self._spec.scale + corner).astype(np.float32)
        motion = self._motion(time_s)
        spoken = speak(self._basis, self._speaker, face, motion[:-1], float(motion[-1]))
        return np.asarray((spoken - corner) * self._spec.scale - 0.5, dtype=np.float32)

    def _motion(self, time_s: float) -> NDArray[np.float32]:
        """(K + 1,) at a moment of the voice, as lip_listener has it; a mouth at rest before and after it."""
        rows = self._voice.values
        at = time_s * self._voice.rate_hz
        low = int(np.floor(at))
        part = np.float32(at - low)
        rest = np.zeros(len(self._basis.opening) + 1, dtype=np.float32)
        before, after = (rows[i] if 0 <= i < len(rows) else rest for i in (low, low + 1))
        return np.asarray(before * (1 - part) + after * part, dtype=np.float32)
