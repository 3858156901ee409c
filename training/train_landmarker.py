"""Trains the landmark network on the teacher's labels: `python -m training.train_landmarker --minutes 35`."""

import argparse
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from heygem.domain import landmarks
from heygem.engines.nets.landmarker import CHANNELS, LandmarkNet
from heygem.engines.nets.residual import prepare_input
from heygem.engines.weights import save_weights
from training.dataset import ROOT
from training.landmark_samples import OPEN_PAIRS, LandmarkSamples
from training.timed_run import Budget, TimedRun

BATCH: Final = 64
MODELS: Final = ROOT.parent / "models"


def point_weights() -> Tensor:
    """(131, 1): lips before eyes before the rest, the inner lips most of all; their mean is 1."""
    weights = torch.ones(landmarks.COUNT, 1)
    weights[landmarks.OVAL] = 0.7
    weights[landmarks.LIPS_OUTER] = 2.5
    weights[landmarks.LIPS_INNER] = 3.5
    weights[landmarks.EYE_LEFT] = weights[landmarks.EYE_RIGHT] = 1.5
    weights[landmarks.NOSE] = 1.5
    return weights / weights.mean()


WEIGHTS: Final = point_weights()


def compute_loss(net: nn.Module, samples: LandmarkSamples) -> dict[str, Tensor]:
    """Distances are in hundredths of the crop."""
    batch = samples.draw(BATCH)
    with torch.autocast("cpu", torch.bfloat16):
        points, presence = net(prepare_input(torch.from_numpy(batch.images)))
    present = torch.from_numpy(batch.present)
    face = present > 0
    found, true = points[face] * 100, torch.from_numpy(batch.points)[face] * 100
    lower, upper = (list(side) for side in zip(*OPEN_PAIRS, strict=True))
    opening = (found[:, lower] - found[:, upper]) - (true[:, lower] - true[:, upper])
    return {
        "points": (functional.smooth_l1_loss(found, true, reduction="none", beta=0.3) * WEIGHTS).mean(),
        "opening": functional.smooth_l1_loss(opening, torch.zeros_like(opening), beta=0.3),
        "presence": functional.binary_cross_entropy_with_logits(presence, present),
    }


@torch.no_grad()
def check(net: nn.Module, samples: LandmarkSamples) -> str:
    """Errors over the distance of the outer eye corners, on clean crops of people who are not in training."""
    lines = []
    for box in (False, True):
        cut = [samples.cut_plain(i, box) for i in range(0, len(samples), max(1, len(samples) // 600))]
        true = torch.from_numpy(np.stack([points for _, points in cut]))
        outputs = [net(prepare_input(torch.from_numpy(np.stack([i for i, _ in cut[k : k + 100]]))))
                   for k in range(0, len(cut), 100)]  # fmt: skip
        found, presence = (torch.cat(parts) for parts in zip(*outputs, strict=True))
        size = (true[:, 92] - true[:, 76]).norm(dim=1)
        error = ((found - true).norm(dim=2).mean(dim=1) / size).mean()
        lips = ((found - true)[:, landmarks.LIPS].norm(dim=2).mean(dim=1) / size).mean()
        opening = [(p[:, 71] - p[:, 61]).norm(dim=1) for p in (found, true)]
        gap = ((opening[0] - opening[1]).abs() / size).mean()
        seen = float((presence > 0).float().mean())
        lines.append(f"{'box' if box else 'tracked'}: points {error:.4f} lips {lips:.4f} gap {gap:.4f} seen {seen:.3f}")
    return "; ".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=35)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--run", type=Path, default=ROOT / "runs" / "landmarker")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(options.seed)
    train, val = LandmarkSamples("train", options.seed), LandmarkSamples("val", options.seed)
    run = TimedRun(LandmarkNet(), options.run, Budget(options.minutes, options.rate))

    def judge(net: nn.Module) -> str:
        export(net)
        return check(net, val)

    run.go(lambda: compute_loss(run.net, train), judge)
    run.log(check(run.averaged.eval(), val))
    export(run.averaged)


def export(net: nn.Module) -> None:
    about = {"name": "face_landmarker", "version": "1", "config": {"channels": CHANNELS}}
    weights = {name: value for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")}
    save_weights(MODELS / "face_landmarker.safetensors", weights, about)


if __name__ == "__main__":
    main()
