"""Tells from what a network hears where a voice pauses long enough for the mouth to come to rest, noise or not.

Knows nothing of levels; see voice_gate for what these tell.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, binary_opening, gaussian_filter1d

_SURE: Final = 0.9  # of silence, smoothed by _SOFTNESS rows
_SHORTEST: Final = 35  # rows, 50 a second
_AFTER: Final = 10  # rows of a pause in which the mouth still closes
_BEFORE: Final = 20  # rows of its end in which it opens already: mouths do so up to 0.4 s ahead of the voice
_SOFTNESS: Final = 2.0


def find_rests(silence: NDArray[np.float32]) -> NDArray[np.float32]:
    """(T,) in 0..1, 1 where the mouth rests, smooth between, from how surely there is silence, (T,) at 50 Hz.

    Before and after the voice there is silence.
    """
    pad = _SHORTEST + _AFTER + _BEFORE
    sure = np.pad(gaussian_filter1d(silence, _SOFTNESS, mode="nearest") > _SURE, pad, constant_values=True)
    pauses = binary_opening(sure, np.ones(_SHORTEST))
    # An even share on both sides, moved: more of the end is left out than of the beginning.
    inner = binary_erosion(pauses, np.ones(_AFTER + _BEFORE + 1), origin=-((_BEFORE - _AFTER) // 2), border_value=1)
    return np.asarray(gaussian_filter1d(inner.astype(np.float32), _SOFTNESS)[pad:-pad], dtype=np.float32)
