"""Trains the face detector on boxes of the teacher's landmarks: `python -m training.train_detector --minutes 15`."""

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from heygem.engines.nets.face_detector import CHANNELS, STRIDE, WIDTH, FaceDetectorNet, decode_boxes
from heygem.engines.nets.residual import prepare_input
from training.detector_samples import DetectorBatch, DetectorSamples
from training.face_training import FaceTraining, Recipe, Verdict

BATCH: Final = 24
SIZES: Final = (192, 192, 256)
CONFIG: Final = {"channels": CHANNELS, "width": WIDTH, "stride": STRIDE}
RECIPE: Final = Recipe("face_detector", CONFIG, minutes=15, seed=2, check_minutes=2)


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
def check(net: nn.Module, batches: list[DetectorBatch]) -> Verdict:
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
    hit, wrong, overlap = (float(torch.cat(parts).mean()) for parts in (hits, false, overlaps))
    line = f"hits {hit:.4f}, pictures with false ones {wrong:.4f}, overlap {overlap:.4f}"
    return Verdict((1 - hit) + 0.5 * wrong + (1 - overlap), line)


def main() -> None:
    training = FaceTraining(RECIPE, FaceDetectorNet(), __doc__)
    train, val = (DetectorSamples(split, training.seed) for split in ("train", "val"))
    batches = [val.draw(25, 256) for _ in range(8)]
    sizes = np.random.default_rng(training.seed)
    training.go(
        lambda: compute_loss(training.net, train.draw(BATCH, int(sizes.choice(SIZES)))),
        lambda net: check(net, batches),
    )


if __name__ == "__main__":
    main()
