"""Trains the landmark network on the teacher's labels: `python -m training.train_landmarker --minutes 35`."""

from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from heygem.domain import landmarks
from heygem.engines.nets.landmarker import CHANNELS, LandmarkNet
from heygem.engines.nets.residual import prepare_input
from training.face_training import FaceTraining, Recipe, Verdict
from training.landmark_losses import measure_distance, measure_faces, measure_unsteadiness
from training.landmark_samples import OPEN_PAIRS, LandmarkSamples

BATCH: Final = 64
TWINS: Final = 16  # pairs of crops of the same face, which should be found alike
RECIPE: Final = Recipe("face_landmarker", {"channels": CHANNELS}, minutes=35, seed=1)
LOWER, UPPER = (list(side) for side in zip(*OPEN_PAIRS, strict=True))


def compute_loss(net: nn.Module, samples: LandmarkSamples) -> dict[str, Tensor]:
    """Distances are in hundredths of that between the outer eye corners."""
    batch = samples.draw(BATCH, TWINS)
    with torch.autocast("cpu", torch.bfloat16):
        points, presence = net(prepare_input(torch.from_numpy(batch.images)))
    present, true = torch.from_numpy(batch.present), torch.from_numpy(batch.points)
    face, pairs = present > 0, 2 * batch.twins
    off, unit = (points - true)[face], measure_faces(true[face])
    return {
        "points": measure_distance(off, unit).mean(),
        "opening": 0.3 * measure_distance(off[:, LOWER] - off[:, UPPER], unit).mean(),
        "steady": 0.3 * measure_unsteadiness(off[:pairs], unit[:pairs]).mean(),
        "presence": 4.0 * functional.binary_cross_entropy_with_logits(presence, present),
    }


@torch.no_grad()
def check(net: nn.Module, samples: LandmarkSamples) -> Verdict:
    """Errors over the distance of the outer eye corners, on clean crops of people who are not in training."""
    lines, errors = [], []
    for box in (False, True):
        cut = [samples.cut_plain(i, box) for i in range(0, len(samples), max(1, len(samples) // 600))]
        true = torch.from_numpy(np.stack([points for _, points in cut]))
        outputs = [net(prepare_input(torch.from_numpy(np.stack([i for i, _ in cut[k : k + 100]]))))
                   for k in range(0, len(cut), 100)]  # fmt: skip
        found, presence = (torch.cat(parts) for parts in zip(*outputs, strict=True))
        unit = measure_faces(true)
        away = (found - true).norm(dim=2) / unit[:, None]
        oval, lips = (float(away[:, part].mean()) for part in (landmarks.OVAL, landmarks.LIPS))
        seen = float((presence > 0).float().mean())
        errors.append(float(away.mean()))
        lines.append(
            f"{'box' if box else 'tracked'}: points {errors[-1]:.4f} oval {oval:.4f} lips {lips:.4f} seen {seen:.3f}"
        )
    return Verdict(errors[0], "; ".join(lines))


def main() -> None:
    training = FaceTraining(RECIPE, LandmarkNet(), __doc__)
    train, val = (LandmarkSamples(split, training.seed) for split in ("train", "val"))
    training.go(lambda: compute_loss(training.net, train), lambda net: check(net, val))


if __name__ == "__main__":
    main()
