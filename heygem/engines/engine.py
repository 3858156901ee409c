"""The seam between the pipeline and what paints mouths: a lip-sync engine.

The pipeline detects, tracks, crops, pastes back and encodes, for every engine alike. An engine says which crop of the
face it wants and turns (voice features, tracked faces, reference crops) into mouth patches of that crop.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from heygem.engines.alignment import CropSpec, Image, Points

SAMPLE_RATE: Final = 16_000  # Hz, of the waveform that every engine listens to


@dataclass(frozen=True)
class VoiceFeatures:
    """What an engine wants to know of a voice, one row per 1 / `rate_hz` seconds, the first at time 0.

    Computed once per voice and reused for every video; `values` is (T, C) float32 and means what its engine says.
    """

    values: NDArray[np.float32]
    rate_hz: float

    @property
    def duration_s(self) -> float:
        return len(self.values) / self.rate_hz


@dataclass(frozen=True)
class FaceCrop:
    """A face cut out of a frame: `image` (S, S, 3) uint8 BGR, `points` (131, 2) in crop pixels."""

    image: Image
    points: Points


@dataclass(frozen=True)
class MouthRequest:
    """One frame to repaint: the target's crop, and the moment of the voice that it must show."""

    face: FaceCrop
    time_s: float


class Performance(Protocol):
    """One voice on one tracked face. Holds what is the same for all of its frames; not for several threads."""

    def paint(self, requests: Sequence[MouthRequest]) -> NDArray[np.uint8]:
        """The patches, (N, S, S, 3) uint8 BGR, in the crops' own pixels."""
        ...

    def skip(self, points: Points, time_s: float) -> None:
        """Takes note of a frame that has been painted before, so that the next is painted as if after it.

        `points` (131, 2) are those of its crop.
        """
        ...


class LipSyncEngine(Protocol):
    """A lip-sync technique with its weights loaded."""

    @property
    def name(self) -> str: ...

    @property
    def weights_id(self) -> str:
        """A short name for these very weights: with others, other pictures."""
        ...

    @property
    def device_name(self) -> str: ...

    @property
    def crop(self) -> CropSpec:
        """The crop that requests and references must have."""
        ...

    @property
    def paste_mask(self) -> NDArray[np.float32]:
        """(S, S) in 0..1, zero at the rim: how much of a patch replaces the frame."""
        ...

    @property
    def reference_count(self) -> int:
        """How many reference crops `perform` makes use of."""
        ...

    @property
    def batch_size(self) -> int:
        """How many requests `paint` is fastest with on this device."""
        ...

    def listen(self, waveform: Iterable[NDArray[np.float32]]) -> VoiceFeatures:
        """The features of a voice that arrives in pieces of mono samples in -1..1, at SAMPLE_RATE."""
        ...

    def perform(self, voice: VoiceFeatures, faces: NDArray[np.float32], references: Sequence[FaceCrop]) -> Performance:
        """Get ready to paint `voice` on the face tracked as `faces`: (T, 131, 2) in frame pixels, NaN where lost."""
        ...
