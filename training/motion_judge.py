"""Tells how well a network hears lip motion, and by how much a clip's voice and picture are out of step."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from heygem.engines.mean_spectrum import mean_spectrum
from heygem.engines.nets.lip_motion import RATE_HZ, VISEMES
from heygem.engines.speech_motion import MotionBasis
from training.motion_data import Talk, is_synced
from training.motion_losses import measures

Array = NDArray[np.float32]


@torch.inference_mode()
def hear(net: nn.Module, talk: Talk) -> tuple[Array, NDArray[np.int64]]:
    """The heard motion (T, K) and visemes (T,) of a clip."""
    sound = talk.mel - mean_spectrum([talk.mel])
    heard = net(torch.from_numpy(np.ascontiguousarray(sound.T[None])))
    count = len(talk.motion)
    return heard.motion[0, :count].numpy(), heard.visemes[0, :count].argmax(dim=-1).numpy()


def judge_motion(net: nn.Module, talks: list[Talk], basis: MotionBasis) -> dict[str, float]:
    """Mean over speakers of the correlation of opening and width, and how large the heard opening's swing is."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    mix = measures(basis)
    for talk in talks:
        if talk.valid.sum() < 25:
            continue
        heard, _ = hear(net, talk)
        a, b = heard[talk.valid] @ mix, talk.motion[talk.valid] @ mix
        gap, wide = (float(np.corrcoef(a[:, i], b[:, i])[0, 1]) for i in (0, 1))
        found.setdefault(talk.speaker, []).append((gap, wide, float(a[:, 0].std() / b[:, 0].std())))
    rows = np.array([np.nanmean(values, axis=0) for values in found.values()])
    return dict(zip(("opening", "width", "swing"), rows.mean(axis=0).tolist(), strict=True))


def judge_visemes(net: nn.Module, talks: list[Talk]) -> float:
    """The share of frames, silence left out, whose viseme is told rightly."""
    right = total = 0
    for talk in talks:
        _, told = hear(net, talk)
        speaks = talk.valid & (talk.motion[:, 0] != VISEMES.index("silence"))
        right += int((told == talk.motion[:, 0])[speaks].sum())
        total += int(speaks.sum())
    return right / max(total, 1)


def find_lag(
    net: nn.Module, talk: Talk, heard_as: MotionBasis, basis: MotionBasis, most: int = 30
) -> tuple[float, float]:
    """By how many seconds the mouth comes after the voice, and the correlation there.

    `net` was taught with the basis `heard_as`, the clip is told in `basis`.
    """
    heard = hear(net, talk)[0] @ measures(heard_as)[:, 0]
    seen = talk.motion @ measures(basis)[:, 0]
    scores = []
    for rows in range(-most, most + 1):
        a, b = (heard[: len(heard) - rows], seen[rows:]) if rows >= 0 else (heard[-rows:], seen[:rows])
        scores.append(np.corrcoef(a, b)[0, 1] - 0.002 * abs(rows) if len(a) > 25 else -1)
    best = int(np.nanargmax(scores))
    return (best - most) / RATE_HZ, float(scores[best])


def bring_into_step(net: nn.Module, heard_as: MotionBasis, talks: list[Talk], basis: MotionBasis) -> list[Talk]:
    """Shift the clips whose lag is plain; leave out those said to be out of step whose lag is not."""
    kept = []
    for talk in talks:
        lag, score = find_lag(net, talk, heard_as, basis) if len(talk.motion) >= 80 else (0.0, 0.0)
        if score > 0.45 and abs(lag) < 0.56:
            kept.append(talk.shifted(lag))
        elif is_synced(talk.source):
            kept.append(talk)
    return kept
