"""Hears a voice as lip motion: spectrum, network, and a gate that closes the mouth where the voice is silent."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from heygem.engines.engine import VoiceFeatures
from heygem.engines.mel import BANDS, SILENCE, stream_mel
from heygem.engines.nets.lip_motion import RATE_HZ, REACH
from heygem.engines.voice_gate import level, voice_gate

Array = NDArray[np.float32]

_STRETCH: Final = 1000  # mel rows whose motion is computed at once: ten seconds
_CONTEXT: Final = 2 * REACH


def listen(net: nn.Module, device: torch.device, gain: float, waveform: Iterable[Array]) -> VoiceFeatures:
    """The lip motion of a voice, (T, K + 1) at 50 Hz: K coefficients, all 0 for a mouth at rest, and the gate.

    Memory grows by some 4 kB for a second of voice.
    """
    motion, levels = [], []
    for rows, loud in _hear(net, device, waveform):
        motion.append(rows)
        levels.append(loud)
    if not motion:
        return VoiceFeatures(np.zeros((0, 1), dtype=np.float32), RATE_HZ)
    heard = np.concatenate(motion)
    gate = voice_gate(np.concatenate(levels))[::2][: len(heard), None]
    return VoiceFeatures(np.hstack([heard * gate * np.float32(gain), gate]), RATE_HZ)


@torch.inference_mode()
def _hear(net: nn.Module, device: torch.device, waveform: Iterable[Array]) -> Iterator[tuple[Array, Array]]:
    """Motion (n, K) of the stretches of a voice one by one, and their levels, (2 n,)."""
    silence = np.full((_CONTEXT, BANDS), SILENCE, dtype=np.float32)
    for rows, count in _stretches(stream_mel(waveform), silence):
        mel = torch.from_numpy(rows.T[None]).to(device)
        heard = net(mel)[0, REACH : REACH + (count + 1) // 2]
        yield heard.float().cpu().numpy(), level(rows[_CONTEXT : _CONTEXT + count])


def _stretches(blocks: Iterable[Array], silence: Array) -> Iterator[tuple[Array, int]]:
    """Stretches of the rows of `blocks`, context on both sides of them, and how many rows are between; at most 1000."""
    pending = silence
    for block in chain(blocks, [silence]):
        pending = np.concatenate([pending, block])
        while len(pending) >= _STRETCH + 2 * _CONTEXT:
            yield pending[: _STRETCH + 2 * _CONTEXT], _STRETCH
            pending = pending[_STRETCH:]
    count = len(pending) - 2 * _CONTEXT
    if count > 0:
        yield np.pad(pending, ((0, count % 2), (0, 0)), mode="edge"), count
