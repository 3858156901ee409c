"""How Wav2Lip wants a face framed, and how what it paints is brought back to the size of the crop.

It was trained on the boxes of S3FD, a detector that learned what a face's box is from WIDER FACE, each box squeezed to
a square. On 182 frontal faces of its own the box of another detector of that school, YuNet, reaches in the median from
0.83 face units above the eyes to 1.34 below them and 0.78 to either side (standard deviations 0.08 to 0.10); at the
bottom the published ten pixels of a face some 220 high come on top.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from heygem.engines.alignment import CropSpec, Image, as_image
from heygem.engines.mouth_drawing import soft_mask
from heygem.engines.nets.wav2lip import SIDE

_TOP, _BOTTOM, _ASIDE = -0.83, 1.44, 0.78  # face units
_SIZE: Final = 384  # pixels of the crop: four times what the network paints, so that a face keeps its detail around it
_SIDE: Final = 2.4  # face units: the box and a rim

CROP: Final = CropSpec(size=_SIZE, center=(0.0, (_TOP + _BOTTOM) / 2), side=_SIDE)

# What is pasted: from the nose's base to the box's lower edge, jaw and all.
_PASTED_CENTER: Final = (0.0, 0.985)
_PASTED_RADII: Final = (0.62, 0.45)
_FEATHER: Final = 0.14


@dataclass(frozen=True)
class FaceBox:
    """The rows and columns of a crop that the network sees, and those in which something of it is pasted."""

    rows: slice
    columns: slice
    pasted_rows: slice
    pasted_columns: slice
    mask: NDArray[np.float32]

    @classmethod
    def of(cls, spec: CropSpec) -> "FaceBox":
        def span(middle: float, low: float, high: float) -> slice:
            ends = ((edge - middle + spec.side / 2) * spec.scale for edge in (low, high))
            first, last = (round(end) for end in ends)
            return slice(max(first, 0), min(last, spec.size))

        (x, y), (across, down) = _PASTED_CENTER, _PASTED_RADII
        return cls(
            rows=span(spec.center[1], _TOP, _BOTTOM),
            columns=span(spec.center[0], -_ASIDE, _ASIDE),
            pasted_rows=span(spec.center[1], y - down, y + down),
            pasted_columns=span(spec.center[0], x - across, x + across),
            mask=soft_mask(spec, _PASTED_CENTER, _PASTED_RADII, _FEATHER),
        )

    @property
    def pasted_mask(self) -> NDArray[np.float32]:
        return self.mask[self.pasted_rows, self.pasted_columns]

    def shrink(self, crop: Image) -> Image:
        """(96, 96, 3): the box of a crop (S, S, 3), squeezed to a square."""
        return as_image(cv2.resize(crop[self.rows, self.columns], (SIDE, SIDE), interpolation=cv2.INTER_AREA))

    def enlarge(self, painted: NDArray[np.float32], crop: Image) -> Image:
        """A copy of `crop` with its box replaced by what was painted of it, (96, 96, 3) in 0..1."""
        patch = crop.copy()
        size = self.columns.stop - self.columns.start, self.rows.stop - self.rows.start
        large = cv2.resize(painted * np.float32(255), size, interpolation=cv2.INTER_CUBIC)
        patch[self.rows, self.columns] = np.clip(large + np.float32(0.5), 0, 255)
        return patch
