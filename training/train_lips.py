"""Trains the lip refiner on the teacher's labels: `python -m training.train_lips --minutes 20`."""

import argparse
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from heygem.domain import landmarks
from heygem.engines.alignment import Image, Points
from heygem.engines.face_region import FaceRegion, find_mouth_region
from heygem.engines.nets.lip_refiner import CHANNELS, CROP_SIZE, LipNet
from heygem.engines.nets.residual import prepare_input
from heygem.engines.weights import save_weights
from training.augment import cover, spoil
from training.dataset import ROOT
from training.landmark_samples import OPEN_PAIRS, LandmarkSamples, cut
from training.mirror import mirror_points
from training.timed_run import Budget, TimedRun

BATCH: Final = 128
MODELS: Final = ROOT.parent / "models"
FIRST: Final = landmarks.LIPS.start
LOWER, UPPER = ([index - FIRST for index in side] for side in zip(*OPEN_PAIRS, strict=True))


def draw_mouth(samples: LandmarkSamples) -> tuple[Image, Points]:
    """A mouth where the landmark network might have put it, spoilt; (40, 2) in 0..1 of the crop."""
    random = samples.random
    image, points = samples.pick()
    if random.random() < 0.5:
        image, points = np.asarray(cv2.flip(image, 1), np.uint8), mirror_points(points, image.shape[1])
    right = find_mouth_region(points)
    wide = 2.5 if random.random() < 0.15 else 1.0
    x, y = np.array(right.center) + random.normal(0, 0.035 * wide, 2) * right.side
    side = right.side * float(np.exp(random.normal(0, 0.05 * wide)))
    region = FaceRegion((float(x), float(y)), side, right.angle + float(random.normal(0, 0.06 * wide)))
    crop, moved = cut(image, points, region.to_crop(CROP_SIZE), cv2.BORDER_REPLICATE, CROP_SIZE)
    if random.random() < 0.07:
        crop = cover(crop, samples.crops[random.integers(len(samples))], random)
    return spoil(crop, random), moved[landmarks.LIPS]


def compute_loss(net: nn.Module, samples: LandmarkSamples) -> dict[str, Tensor]:
    """Distances are in hundredths of the crop; the inner lips count twice, how far they are apart once more."""
    images, points = zip(*(draw_mouth(samples) for _ in range(BATCH)), strict=True)
    with torch.autocast("cpu", torch.bfloat16):
        found = net(prepare_input(torch.from_numpy(np.stack(images)))) * 100
    true = torch.from_numpy(np.stack(points)) * 100
    opening = (found[:, LOWER] - found[:, UPPER]) - (true[:, LOWER] - true[:, UPPER])
    return {
        "outer": functional.smooth_l1_loss(found[:, :20], true[:, :20], beta=0.5),
        "inner": 2.0 * functional.smooth_l1_loss(found[:, 20:], true[:, 20:], beta=0.5),
        "opening": functional.smooth_l1_loss(opening, torch.zeros_like(opening), beta=0.5),
    }


@torch.no_grad()
def check(net: nn.Module, samples: LandmarkSamples) -> str:
    """Errors over the distance of the outer eye corners, on clean crops of people who are not in training."""
    random = np.random.default_rng(0)
    crops, truths, sizes = [], [], []
    for index in range(len(samples)):
        points = samples.points[index]
        noisy = (points + random.normal(0, 1.0, 2)).astype(np.float32)
        region = find_mouth_region(noisy)
        crop, moved = cut(samples.crops[index], points, region.to_crop(CROP_SIZE), cv2.BORDER_REPLICATE, CROP_SIZE)
        crops.append(crop)
        truths.append(moved[landmarks.LIPS])
        sizes.append(np.linalg.norm(points[92] - points[76]) / region.side)
    found: NDArray[np.float32] = net(prepare_input(torch.from_numpy(np.stack(crops)))).numpy()
    true, size = np.stack(truths), np.array(sizes)
    lips = np.linalg.norm(found - true, axis=2).mean(axis=1) / size
    opening = [np.linalg.norm(p[:, 71 - FIRST] - p[:, 61 - FIRST], axis=1) / size for p in (found, true)]
    gap = np.abs(opening[0] - opening[1]).mean()
    alike = np.corrcoef(opening[0], opening[1])[0, 1]
    return f"lips {lips.mean():.4f} gap {gap:.4f}, openings correlate by {alike:.3f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--run", type=Path, default=ROOT / "runs" / "lips")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(options.seed)
    train, val = LandmarkSamples("train", options.seed), LandmarkSamples("val", options.seed)
    run = TimedRun(LipNet(), options.run, Budget(options.minutes, options.rate, check_minutes=2))

    def judge(net: nn.Module) -> str:
        export(net)
        return check(net, val)

    run.go(lambda: compute_loss(run.net, train), judge)


def export(net: nn.Module) -> None:
    about = {"name": "lip_refiner", "version": "1", "config": {"channels": CHANNELS}}
    weights = {name: value for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")}
    save_weights(MODELS / "lip_refiner.safetensors", weights, about)


if __name__ == "__main__":
    main()
