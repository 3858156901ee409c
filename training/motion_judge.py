"""Tells how well a network hears lip motion and visemes."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from heygem.engines.mean_spectrum import mean_spectrum
from heygem.engines.nets.lip_motion import VISEMES
from heygem.engines.speech_motion import MotionBasis
from training.motion_data import Talk
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
