"""Tells from what a network hears how far p, b and m let the lips part.

Knows nothing of mouths and their range; see pauses for what silence does.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

_APART: Final = 0.3  # up to this chance of a p, b or m it changes nothing
_MET: Final = 0.5  # from this on the lips meet
_AHEAD: Final = 3  # rows, 50 a second, by which lips meet before the sound is sure: it is so only when they part
_AFTER: Final = 1  # rows by which they part after it


def find_openness(bilabial: NDArray[np.float32]) -> NDArray[np.float32]:
    """(T,) the share of its opening that a mouth may show, from the chances of p, b and m, (T,) at 50 Hz.

    1 where none is likely, 0 where one is, smooth between.
    """
    reach = _AFTER + 1 + _AHEAD
    chance = maximum_filter1d(bilabial, reach, mode="nearest", origin=reach // 2 - _AHEAD)
    share = np.clip((_MET - chance) / (_MET - _APART), 0, 1)
    return np.asarray(share * share * (3 - 2 * share), dtype=np.float32)
