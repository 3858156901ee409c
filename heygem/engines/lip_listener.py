"""Hears a voice as lip motion: spectrum, network, and how open a mouth may be at p, b and m and in silence."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from heygem.engines.closures import find_openness
from heygem.engines.engine import VoiceFeatures
from heygem.engines.mean_spectrum import mean_spectrum
from heygem.engines.mel import BANDS, SILENCE, stream_mel
from heygem.engines.nets.lip_motion import RATE_HZ, REACH, VISEMES
from heygem.engines.pauses import find_rests
from heygem.engines.voice_gate import level, voice_gate

Array = NDArray[np.float32]

_STRETCH: Final = 1000  # mel rows whose motion is computed at once: ten seconds
_CONTEXT: Final = 2 * REACH
_BILABIAL: Final = VISEMES.index("bilabial")
_SILENCE: Final = VISEMES.index("silence")


def listen(net: nn.Module, device: torch.device, gain: float, waveform: Iterable[Array]) -> VoiceFeatures:
    """The lip motion of a voice, (T, K + 1) at 50 Hz: K coefficients, all 0 for a mouth at rest, and its openness.

    The latter is the share of the opening that the coefficients tell which is to be seen: 1, but towards 0 where p, b
    or m bring the lips together. Memory grows by some 20 kB for a second of voice.
    """
    blocks = [rows.astype(np.float16) for rows in stream_mel(waveform)]
    if not blocks:
        return VoiceFeatures(np.zeros((0, 1), dtype=np.float32), RATE_HZ)
    mean = mean_spectrum(blocks)
    heard = list(_hear(net, device, (block - mean for block in blocks), SILENCE - mean))
    motion, visemes = (np.concatenate(parts) for parts in zip(*heard, strict=True))
    gate = voice_gate(np.concatenate([level(block) for block in blocks]))[::2][: len(motion)]
    gate *= 1 - find_rests(visemes[:, _SILENCE])
    openness = find_openness(visemes[:, _BILABIAL])
    return VoiceFeatures(np.hstack([motion * gate[:, None] * np.float32(gain), openness[:, None]]), RATE_HZ)


@torch.inference_mode()
def _hear(
    net: nn.Module, device: torch.device, blocks: Iterable[Array], silence: Array
) -> Iterator[tuple[Array, Array]]:
    """(n, K) motion and (n, 14) chances of VISEMES of the stretches of a voice one by one."""
    outside = np.broadcast_to(silence, (_CONTEXT, BANDS))
    for rows, count in _stretches(blocks, outside):
        heard = net(torch.from_numpy(np.ascontiguousarray(rows.T[None])).to(device))
        inner = slice(REACH, REACH + (count + 1) // 2)
        motion, chances = heard.motion[0, inner], heard.visemes[0, inner].softmax(dim=-1)
        yield motion.float().cpu().numpy(), chances.float().cpu().numpy()


def _stretches(blocks: Iterable[Array], outside: Array) -> Iterator[tuple[Array, int]]:
    """Stretches of the rows of `blocks`, context on both sides of them, and how many rows are between; at most 1000."""
    pending = outside
    for block in chain(blocks, [outside]):
        pending = np.concatenate([pending, block])
        while len(pending) >= _STRETCH + 2 * _CONTEXT:
            yield pending[: _STRETCH + 2 * _CONTEXT], _STRETCH
            pending = pending[_STRETCH:]
    count = len(pending) - 2 * _CONTEXT
    if count > 0:
        yield np.pad(pending, ((0, count % 2), (0, 0)), mode="edge"), count
