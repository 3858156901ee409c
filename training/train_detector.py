"""Trains the face detector on boxes of the teacher's landmarks: `python -m training.train_detector --minutes 15`."""

import argparse
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from heygem.engines.nets.face_detector import CHANNELS, STRIDE, WIDTH, FaceDetectorNet, decode_boxes
from heygem.engines.nets.residual import prepare_input
from heygem.engines.weights import save_weights
from training.dataset import ROOT
from training.detector_samples import DetectorBatch, DetectorSamples
from training.timed_run import Budget, TimedRun

BATCH: Final = 24
SIZES: Final = (192, 192, 256)
MODELS: Final = ROOT.parent / "models"


def compute_loss(net: nn.Module, batch: DetectorBatch) -> dict[str, Tensor]:
    with torch.autocast("cpu", torch.bfloat16):
        logits, boxes = net(prepare_input(torch.from_numpy(batch.images)))
    inside = torch.from_numpy(batch.inside)
    found, true = decode_boxes(boxes)[inside], torch.from_numpy(batch.boxes)[inside]
    score, weight = torch.from_numpy(batch.score), torch.from_numpy(batch.weight)
    return {
        "score": score_loss(logits, score, weight),
        "overlap": 2.0 * (1 - generalized_iou(found, true)).mean(),
        "edges": 0.5 * edge_loss(found, true),
    }


def score_loss(logits: Tensor, score: Tensor, weight: Tensor) -> Tensor:
    """Focal loss with fewer reproaches near a face's middle: Zhou et al., Objects as points, 2019."""
    chance = logits.sigmoid().clamp(1e-5, 1 - 1e-5)
    peak = score == 1
    hit = functional.logsigmoid(logits) * (1 - chance) ** 2
    miss = functional.logsigmoid(-logits) * chance**2 * (1 - score) ** 4
    return -(torch.where(peak, hit, miss) * weight).sum() / peak.sum().clamp(min=1)


def edge_loss(found: Tensor, true: Tensor) -> Tensor:
    """How far the edges are off, in shares of the box's size; small faces are forgiven half a pixel's worth."""
    size = (true[:, 2:] - true[:, :2]).clamp(min=SIZES[0] / 16).repeat(1, 2)
    return functional.smooth_l1_loss(found / size, true / size, beta=0.05)


def generalized_iou(a: Tensor, b: Tensor) -> Tensor:
    """(K,) of boxes (K, 4). Source: Rezatofighi et al., Generalized intersection over union, 2019."""

    def area(box: Tensor) -> Tensor:
        return (box[:, 2:] - box[:, :2]).clamp(min=0).prod(dim=1)

    both = torch.cat([torch.maximum(a[:, :2], b[:, :2]), torch.minimum(a[:, 2:], b[:, 2:])], dim=1)
    hull = torch.cat([torch.minimum(a[:, :2], b[:, :2]), torch.maximum(a[:, 2:], b[:, 2:])], dim=1)
    union = area(a) + area(b) - area(both)
    return area(both) / union.clamp(min=1e-3) - 1 + union / area(hull).clamp(min=1e-3)


@torch.no_grad()
def check(net: nn.Module, batches: list[DetectorBatch]) -> str:
    """On made-up pictures of people who are not in training: the middles' scores, the rest's, and the boxes."""
    hits, false, overlaps = [], [], []
    for batch in batches:
        logits, boxes = net(prepare_input(torch.from_numpy(batch.images)))
        score, inside = torch.from_numpy(batch.score), torch.from_numpy(batch.inside)
        peak = score == 1
        hits.append((functional.max_pool2d(logits[:, None], 3, 1, 1)[:, 0][peak] > 0).float())
        away = (functional.max_pool2d(score[:, None], 5, 1, 2)[:, 0] < 0.05) & (torch.from_numpy(batch.weight) > 0)
        false.append(((logits > 0) & away).flatten(1).any(dim=1).float())
        true = torch.from_numpy(batch.boxes)
        overlaps.append(generalized_iou(decode_boxes(boxes)[peak & inside], true[peak & inside]))
    return (
        f"hits {float(torch.cat(hits).mean()):.4f}, pictures with false ones {float(torch.cat(false).mean()):.4f}, "
        f"overlap {float(torch.cat(overlaps).mean()):.4f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--run", type=Path, default=ROOT / "runs" / "detector")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(options.seed)
    train, val = DetectorSamples("train", options.seed), DetectorSamples("val", options.seed)
    batches = [val.draw(25, 256) for _ in range(8)]
    run = TimedRun(FaceDetectorNet(), options.run, Budget(options.minutes, options.rate, check_minutes=2))
    sizes = np.random.default_rng(options.seed)

    def judge(net: nn.Module) -> str:
        export(net)
        return check(net, batches)

    run.go(lambda: compute_loss(run.net, train.draw(BATCH, int(sizes.choice(SIZES)))), judge)


def export(net: nn.Module) -> None:
    config = {"channels": CHANNELS, "width": WIDTH, "stride": STRIDE}
    about = {"name": "face_detector", "version": "1", "config": config}
    weights = {name: value for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")}
    save_weights(MODELS / "face_detector.safetensors", weights, about)


if __name__ == "__main__":
    main()
