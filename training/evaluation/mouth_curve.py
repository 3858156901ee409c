"""How far and how wide a mouth is open over time, and how alike two such mouths move."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.engines.speech_motion import normalise, opening, width
from training.crops import smooth_points

Curve = NDArray[np.float32]

LAGS: Final = tuple(range(-7, 8))  # frames that are tried
_FEWEST: Final = 12  # frames that a correlation is taken over


@dataclass(frozen=True)
class Mouth:
    """`opening` and `width` are (T,) in face units, NaN where no face is seen; `fps` frames a second."""

    opening: Curve
    width: Curve
    fps: float

    def at_rate(self, fps: float) -> "Mouth":
        """The same mouth `fps` times a second; NaN beside frames without a face."""
        wanted = np.arange(int(len(self.opening) / self.fps * fps)) / fps
        times = np.arange(len(self.opening)) / self.fps
        heights, widths = (np.interp(wanted, times, curve).astype(np.float32) for curve in (self.opening, self.width))
        return Mouth(heights, widths, fps)

    @property
    def span(self) -> float:
        """The speaker's range of opening: from the 2nd to the 98th of a hundred frames."""
        low, high = np.nanpercentile(self.opening, (2, 98))
        return float(high - low)


def read_mouth(points: NDArray[np.float32], fps: float) -> Mouth:
    """The mouth of a face tracked as (T, 131, 2) in pixels, NaN where it is lost."""
    found = np.isfinite(points[:, 0, 0])
    curves = np.full((2, len(points)), np.nan, np.float32)
    if found.any():
        faces = normalise(smooth_points(points)[found])
        curves[:, found] = opening(faces), width(faces)
    return Mouth(curves[0], curves[1], fps)


def correlate(ours: Curve, true: Curve, lag: int = 0) -> float:
    """The correlation of `ours`, (T,), read `lag` frames later, with `true`; over the frames that both have.

    0 for a curve that does not move, NaN where too little is common.
    """
    length = min(len(ours), len(true))
    first, last = max(0, -lag), min(length, length - lag)
    a, b = ours[first + lag : last + lag], true[first:last]
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < _FEWEST:
        return float("nan")
    a, b = a[both], b[both]
    if min(a.std(), b.std()) < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def find_lag(ours: Curve, true: Curve) -> int:
    """By how many frames `ours` is late for `true`: where their correlation peaks, the smaller lag of two alike."""
    return max(sorted(LAGS, key=abs), key=lambda lag: np.nan_to_num(correlate(ours, true, lag), nan=-1.0))
