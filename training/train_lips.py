"""Trains the lip refiner on the teacher's labels: `python -m training.train_lips --minutes 20`."""

from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from heygem.domain import landmarks
from heygem.engines.alignment import Image, Points
from heygem.engines.face_region import find_mouth_region
from heygem.engines.nets.lip_refiner import CHANNELS, CROP_SIZE, LipNet
from heygem.engines.nets.residual import prepare_input
from training.augment import change_light, cover, spoil
from training.face_training import FaceTraining, Recipe, Verdict
from training.landmark_losses import measure_distance, measure_faces, measure_unsteadiness
from training.landmark_samples import OPEN_PAIRS, LandmarkSamples, cut, shake

BATCH: Final = 128
RECIPE: Final = Recipe("lip_refiner", {"channels": CHANNELS}, minutes=20, seed=3, check_minutes=2)
FIRST: Final = landmarks.LIPS.start
LOWER, UPPER = ([index - FIRST for index in side] for side in zip(*OPEN_PAIRS, strict=True))
MIDDLES: Final = [index - FIRST for index in landmarks.LIP_INNER_MIDDLES]
MIDDLE_PAIR: Final = OPEN_PAIRS.index(landmarks.LIP_INNER_MIDDLES[::-1])


def draw_mouths(samples: LandmarkSamples) -> list[tuple[Image, Points]]:
    """One mouth twice, where the landmark network might have put it, spoilt; points (131, 2) in 0..1 of the crop."""
    random = samples.random
    image, points = samples.pick()
    region = shake(find_mouth_region(points), random, 0.1 if random.random() < 0.15 else 0.04)
    views = []
    for _ in range(2):
        seen = shake(region, random, 0.015).to_crop(CROP_SIZE)
        crop, moved = cut(image, points, seen, cv2.BORDER_REPLICATE, CROP_SIZE)
        if random.random() < 0.07:
            crop = cover(crop, samples.crops[random.integers(len(samples))], random)
        # Most videos are clear, and of unclear ones a network learns to say that mouths are half open.
        views.append((spoil(crop, random) if random.random() < 0.5 else change_light(crop, random), moved))
    return views


def compute_loss(net: nn.Module, samples: LandmarkSamples) -> dict[str, Tensor]:
    """Distances are in hundredths of that between the outer eye corners."""
    images, points = zip(*(view for _ in range(BATCH // 2) for view in draw_mouths(samples)), strict=True)
    with torch.autocast("cpu", torch.bfloat16):
        found = net(prepare_input(torch.from_numpy(np.stack(images))))
    face = torch.from_numpy(np.stack(points))
    off, unit = found - face[:, landmarks.LIPS], measure_faces(face)
    opening = measure_distance(off[:, LOWER] - off[:, UPPER], unit)
    return {
        "outer": measure_distance(off[:, :20], unit).mean(),
        "inner": 1.5 * measure_distance(off[:, 20:], unit).mean(),
        "opening": 1.5 * opening.mean() + opening[:, MIDDLE_PAIR].mean(),
        "steady": 0.3 * measure_unsteadiness(off, unit).mean(),
    }


@torch.no_grad()
def check(net: nn.Module, samples: LandmarkSamples) -> Verdict:
    """Errors over the distance of the outer eye corners, on clean crops of people who are not in training."""
    random = np.random.default_rng(0)
    crops, faces = [], []
    for index in range(len(samples)):
        points = samples.points[index]
        noisy = (points + random.normal(0, 1.0, 2)).astype(np.float32)
        region = find_mouth_region(noisy)
        crop, moved = cut(samples.crops[index], points, region.to_crop(CROP_SIZE), cv2.BORDER_REPLICATE, CROP_SIZE)
        crops.append(crop)
        faces.append(moved)
    face = torch.from_numpy(np.stack(faces))
    found: NDArray[np.float32] = net(prepare_input(torch.from_numpy(np.stack(crops)))).numpy()
    true, unit = face[:, landmarks.LIPS].numpy(), measure_faces(face).numpy()
    lips = float((np.linalg.norm(found - true, axis=2).mean(axis=1) / unit).mean())
    upper, lower = MIDDLES
    opening = [np.linalg.norm(p[:, upper] - p[:, lower], axis=1) / unit for p in (found, true)]
    gap = float(np.abs(opening[0] - opening[1]).mean())
    alike = float(np.corrcoef(opening[0], opening[1])[0, 1])
    return Verdict(lips + gap, f"lips {lips:.4f} gap {gap:.4f}, openings correlate by {alike:.3f}")


def main() -> None:
    training = FaceTraining(RECIPE, LipNet(), __doc__)
    train, val = (LandmarkSamples(split, training.seed) for split in ("train", "val"))
    training.go(lambda: compute_loss(training.net, train), lambda net: check(net, val))


if __name__ == "__main__":
    main()
