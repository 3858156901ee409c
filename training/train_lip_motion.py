"""Trains the lip motion network: `python -m training.train_lip_motion --minutes 9 --seed 1`, then with `--first 1`.

The first round finds by how much each clip's voice is out of step with its picture, the second learns from the clips
brought into step. Writes runs/lip_motion/: talks.pt (what it learns from), log_SEED.tsv, lip_motion_SEED.safetensors.
"""

import argparse
import copy
import math
import time
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from heygem.engines.nets.lip_motion import RATE_HZ, LipMotionNet
from heygem.engines.speech_motion import MOVED, MotionBasis
from heygem.engines.weights import load_weights, read_metadata, save_weights
from training.dataset import ROOT
from training.motion_basis import learn_basis, list_faces
from training.motion_data import Mixer, Talk, is_synced, read_talks

RUN: Final = ROOT / "runs" / "lip_motion"
ROWS: Final = 100
BATCH: Final = 16
RATE: Final = 1.2e-3
DROPOUT: Final = 0.15


class MotionLoss(nn.Module):
    """Errors of lips and jaw in face units, of their speed, and of how opening and width go with the truth."""

    motions: Tensor
    measures: Tensor

    def __init__(self, basis: MotionBasis) -> None:
        super().__init__()
        importance = np.repeat([2.0 if 56 <= i < 76 else 1.0 if i < 76 and i >= 36 else 0.4 for i in MOVED], 2)
        self.register_buffer("motions", torch.from_numpy((basis.motions * importance).astype(np.float32)))
        self.register_buffer("measures", torch.from_numpy(measures(basis)))

    def forward(self, heard: Tensor, true: Tensor, weight: Tensor) -> Tensor:
        total = weight.sum().clamp_min(1)
        error = (heard - true) * weight[..., None]
        offset = error.sum(dim=1, keepdim=True) / weight.sum(dim=1).clamp_min(1)[:, None, None]
        error = (error - 0.5 * offset * weight[..., None]) @ self.motions
        both = weight[:, 1:] * weight[:, :-1]
        speed = ((heard - true).diff(dim=1) * both[..., None]) @ self.motions
        loss = 60 * error.abs().mean(dim=-1).sum() / total + 120 * speed.abs().mean(dim=-1).sum() / total
        return loss + 1.0 * self._discord(heard, true, weight)

    def _discord(self, heard: Tensor, true: Tensor, weight: Tensor) -> Tensor:
        """1 minus the concordance of opening and width over each stretch (Lin, 1989)."""
        a, b = heard @ self.measures, true @ self.measures
        share = (weight / weight.sum(dim=1, keepdim=True).clamp_min(1))[..., None]
        a, b = a - (a * share).sum(1, keepdim=True), b - (b * share).sum(1, keepdim=True)
        together = (a * b * share).sum(1)
        spread = (a * a * share).sum(1) + (b * b * share).sum(1) + 1e-4
        return ((1 - 2 * together / spread) * torch.tensor([1.0, 0.6])).mean()


def measures(basis: MotionBasis) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(K, 2): what the coefficients add to opening and width, in face units."""
    place = {point: row for row, point in enumerate(MOVED)}
    motions = basis.motions.reshape(-1, len(MOVED), 2)
    wide = motions[:, place[46], 0] - motions[:, place[36], 0]
    return np.stack([basis.gaps, wide], axis=1).astype(np.float32)


@torch.inference_mode()
def judge(net: nn.Module, talks: list[Talk], basis: MotionBasis) -> dict[str, float]:
    """Mean over speakers of the correlation of opening and width, and how large the heard opening's swing is."""
    found: dict[str, list[tuple[float, float, float]]] = {}
    mix = measures(basis)
    for talk in talks:
        if talk.valid.sum() < 25:
            continue
        heard = net(torch.from_numpy(talk.mel.T[None]))[0].numpy()[: len(talk.motion)]
        a, b = heard[talk.valid] @ mix, talk.motion[talk.valid] @ mix
        gap, wide = (float(np.corrcoef(a[:, i], b[:, i])[0, 1]) for i in (0, 1))
        found.setdefault(talk.speaker, []).append((gap, wide, float(a[:, 0].std() / b[:, 0].std())))
    rows = np.array([np.nanmean(values, axis=0) for values in found.values()])
    return dict(zip(("opening", "width", "swing"), rows.mean(axis=0).tolist(), strict=True))


@torch.inference_mode()
def find_lag(
    net: nn.Module, talk: Talk, heard_as: MotionBasis, basis: MotionBasis, most: int = 30
) -> tuple[float, float]:
    """By how many seconds the mouth comes after the voice, and the correlation there.

    `net` was taught with the basis `heard_as`, the clip is told in `basis`.
    """
    heard = net(torch.from_numpy(talk.mel.T[None]))[0].numpy()[: len(talk.motion)] @ measures(heard_as)[:, 0]
    seen = talk.motion @ measures(basis)[:, 0]
    scores = []
    for rows in range(-most, most + 1):
        a, b = (heard[: len(heard) - rows], seen[rows:]) if rows >= 0 else (heard[-rows:], seen[:rows])
        scores.append(np.corrcoef(a, b)[0, 1] - 0.002 * abs(rows) if len(a) > 25 else -1)
    best = int(np.nanargmax(scores))
    return (best - most) / RATE_HZ, float(scores[best])


def learn(basis: MotionBasis, talks: list[Talk], val: list[Talk], minutes: float, seed: int, width: int) -> nn.Module:
    """A network trained for so long; the average of its last steps, the best of them by the validation speakers."""
    torch.manual_seed(seed)
    net = LipMotionNet(basis.motions.shape[0], width, DROPOUT)
    average, best, best_score = copy.deepcopy(net).eval(), copy.deepcopy(net), -1.0
    loss_of, mixer = MotionLoss(basis), Mixer(talks, ROWS, seed)
    optimiser = torch.optim.AdamW(net.parameters(), RATE, weight_decay=0.03)
    start, steps, losses = time.monotonic(), 0, []
    while (done := (time.monotonic() - start) / (minutes * 60)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (steps + 1) / 200) * (0.02 + 0.49 * (1 + math.cos(math.pi * done)))
        batch = {name: torch.from_numpy(value) for name, value in mixer.draw(BATCH).items()}
        loss = loss_of(net(batch["mel"].transpose(1, 2)), batch["motion"], batch["weight"])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        steps += 1
        losses.append(float(loss.detach()))
        with torch.no_grad():
            for slow, fast in zip(average.parameters(), net.parameters(), strict=True):
                slow.lerp_(fast, 1 - min(0.995, (1 + steps) / (10 + steps)))
        if steps % 200 == 0:
            scores = judge(average, val, basis)
            line = [steps, time.monotonic() - start, np.mean(losses[-200:]), *scores.values()]
            with (RUN / f"log_{seed}.tsv").open("a", encoding="utf-8") as log:
                print(*(f"{value:.4g}" for value in line), sep="\t", file=log)
            if scores["opening"] + 0.4 * scores["width"] > best_score:
                best_score = scores["opening"] + 0.4 * scores["width"]
                best = copy.deepcopy(average)
    return best


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


def prepare() -> tuple[MotionBasis, list[Talk], list[Talk]]:
    """Basis and clips, kept in talks.pt from one call to the next."""
    RUN.mkdir(parents=True, exist_ok=True)
    if not (RUN / "talks.pt").is_file():
        faces = [points[np.isfinite(points[:, 0, 0])] for _, _, points in list_faces("train")]
        basis = learn_basis(faces)
        torch.save((basis, read_talks(basis, "train"), read_talks(basis, "val")), RUN / "talks.pt")
    basis, train, val = torch.load(RUN / "talks.pt", weights_only=False)
    return basis, train, val


def load_net(seed: int) -> tuple[nn.Module, MotionBasis]:
    """A trained network and the basis that it speaks in."""
    path = RUN / f"lip_motion_{seed}.safetensors"
    weights = load_weights(path)
    net = LipMotionNet(**read_metadata(path)["config"]).eval()
    net.load_state_dict({name: value for name, value in weights.items() if not name.startswith("motion.")})
    return net, MotionBasis.from_weights(weights)


def find_gain(scores: dict[str, float]) -> float:
    """What is heard is less lively than what is seen: by how much to exaggerate it."""
    return round(min(1.25, 1 / scores["swing"]), 2)


def main(minutes: float, seed: int, width: int, first: int | None) -> None:
    torch.set_num_threads(1)
    basis, train, val = prepare()
    if first is None:
        train = [talk for talk in train if is_synced(talk.source)]
    else:
        train, val = (bring_into_step(*load_net(first), talks, basis) for talks in (train, val))
    net = learn(basis, train, val, minutes, seed, width)
    scores = judge(net, val, basis)
    print(scores)
    weights = dict(net.state_dict())
    for name in MotionBasis.__dataclass_fields__:
        weights[f"motion.{name}"] = torch.as_tensor(getattr(basis, name))
    metadata: dict[str, Any] = {"name": "lip_motion", "config": {"width": width, "count": len(basis.motions)}}
    metadata |= {"gain": find_gain(scores), "val": scores}
    save_weights(RUN / f"lip_motion_{seed}.safetensors", weights, metadata)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=14)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--first", type=int, help="the seed of the first round, whose network finds the clips' lags")
    given = parser.parse_args()
    main(given.minutes, given.seed, given.width, given.first)
