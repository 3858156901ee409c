"""What a voice sounds like in the mean while it speaks: more the speaker, the microphone and the room than the words.

What is left of a spectrum without it is alike for all voices.
Source: Atal, Effectiveness of linear prediction characteristics of the speech wave, 1974 (cepstral mean subtraction).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from heygem.engines.voice_gate import level

_LOUD: Final = 0.9  # the quantile of the levels that stands for a voice's loud parts
_COUNTED_DB: Final = 22.0  # what is so far below them counts half, what is quieter soon nothing
_SOFTNESS_DB: Final = 4.3


def mean_spectrum(blocks: Sequence[NDArray[np.floating]]) -> NDArray[np.float32]:
    """(80,) the mean of a voice's log-mel rows, in blocks (n, 80), weighted by whether they are loud as speech is."""
    levels = [level(block) for block in blocks]
    half = np.quantile(np.concatenate(levels), _LOUD) - _COUNTED_DB
    weights = [expit((block - half) / _SOFTNESS_DB) for block in levels]
    total = sum(weight @ block.astype(np.float32) for weight, block in zip(weights, blocks, strict=True))
    return np.asarray(total / sum(weight.sum() for weight in weights), dtype=np.float32)
