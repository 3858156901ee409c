"""Where a voice is silent, told by the voice activity network of snakers4/silero-vad. For tests alone."""

from functools import cache
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from heygem.engines.engine import SAMPLE_RATE
from training.dataset import TEACHERS

_WINDOW: Final = 512  # samples that are judged at once
_BEFORE: Final = 64  # of those before them, which the network looks at too
_SILENT: Final = 0.15  # probability of a voice under which there is none


def find_silence(samples: NDArray[np.float32]) -> list[tuple[float, float]]:
    """The stretches without a voice, in seconds, of mono samples at 16 kHz."""
    quiet = judge_voice(samples) < _SILENT
    edges = np.flatnonzero(np.diff(np.concatenate([[False], quiet, [False]]).astype(np.int8)))
    step = _WINDOW / SAMPLE_RATE
    return [(float(start * step), float(stop * step)) for start, stop in edges.reshape(-1, 2)]


def judge_voice(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """(T,): the probability of a voice in each window of 32 ms."""
    network = _open_network()
    state = np.zeros((2, 1, 128), np.float32)
    before = np.zeros(_BEFORE, np.float32)
    chances = []
    for start in range(0, len(samples) - _WINDOW + 1, _WINDOW):
        window = samples[start : start + _WINDOW]
        feed = {"input": np.concatenate([before, window])[None], "state": state, "sr": np.array(SAMPLE_RATE, np.int64)}
        chance, state = network.run(None, feed)
        chances.append(float(chance[0, 0]))
        before = window[-_BEFORE:]
    return np.array(chances, np.float32)


@cache
def _open_network() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(TEACHERS / "silero_vad.onnx"), options)
