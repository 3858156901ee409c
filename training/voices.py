"""Reads the voice of a clip as the engine hears it."""

from functools import partial
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from heygem.engines.engine import SAMPLE_RATE
from heygem.engines.mel import stream_mel

_resampler: Final = partial(av.AudioResampler, format="flt", layout="mono", rate=SAMPLE_RATE)


def read_voice(clip: Path) -> NDArray[np.float32]:
    """(N,) mono samples at 16 kHz in -1..1, the first at the moment of the clip's first picture; empty if mute."""
    with av.open(str(clip)) as container:
        if not container.streams.audio:
            return np.zeros(0, dtype=np.float32)
        resampler = _resampler()
        sound = container.streams.audio[0]
        pieces = [part.to_ndarray() for frame in container.decode(sound) for part in resampler.resample(frame)]
        pieces += [part.to_ndarray() for part in resampler.resample(None)]
        late = _start(sound) - (_start(container.streams.video[0]) if container.streams.video else 0.0)
    voice = np.concatenate([piece.reshape(-1) for piece in pieces]) if pieces else np.zeros(0, dtype=np.float32)
    shift = round(late * SAMPLE_RATE)
    return np.pad(voice, (shift, 0)) if shift > 0 else voice[-shift:]


def read_mel(clip: Path) -> NDArray[np.float32]:
    """(T, 80) log-mel rows of the clip's voice."""
    rows = list(stream_mel([read_voice(clip)]))
    return np.concatenate(rows) if rows else np.zeros((0, 80), dtype=np.float32)


def _start(stream: "av.AudioStream | av.VideoStream") -> float:
    """When a stream begins, in seconds."""
    if stream.start_time is None or stream.time_base is None:
        return 0.0
    return float(stream.start_time * stream.time_base)
