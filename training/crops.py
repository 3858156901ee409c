"""Cuts the crops that the renderer learns from, once: `python -m training.crops [train val faces]`.

`data/crops/<split>.npy` is (N, 144, 144, 3) uint8 BGR, crops with a rim of 8 px around what the renderer sees, so that
training can shift them; `data/crops/<split>.npz` has points (N, 131, 2) in their pixels, clip (N,) the row of its name
in names, and time (N,) in seconds.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from heygem.engines.alignment import CropSpec, Image, Points, frame_to_crop, transform, warp_crop
from heygem.engines.mouth_drawing import CROP
from training.dataset import DATA, Labels, decode, face_size, list_labels, read_labels

RIM: Final = 8
SPEC: Final = CropSpec(CROP.size + 2 * RIM, CROP.center, CROP.side * (CROP.size + 2 * RIM) / CROP.size)
FOLDER: Final = DATA / "crops"

_MOST: Final = {"talkers": 420, "lipreading_org": 120, "lrw_ar": 16, "grid_multi": 38, "grid_s1": 12, "faces": 60}
_LEFT_OUT: Final = {"romanian_tedx"}  # mouths without a face: the teacher guesses
_SMALLEST_FACE: Final = 44.0  # pixels between the outer eye corners


@dataclass(frozen=True)
class Crops:
    """Crops of some splits, as the module's docstring says; `images` are mapped from the disk."""

    images: Sequence[Image]
    points: NDArray[np.float32]
    clip: NDArray[np.int64]
    time: NDArray[np.float64]
    names: list[str]


def smooth_points(points: NDArray[np.float32], sigma: float = 0.6) -> NDArray[np.float32]:
    """`points` (T, 131, 2) smoothed over time by `sigma` frames within each run of found faces."""
    smooth = points.copy()
    found = np.isfinite(points[:, 0, 0])
    borders = np.flatnonzero(np.diff(np.r_[False, found, False].astype(int)))
    for start, end in borders.reshape(-1, 2):
        smooth[start:end] = gaussian_filter1d(points[start:end], sigma, axis=0, mode="nearest")
    return smooth


def cut_clip(labels: Labels, most: int) -> Iterator[tuple[int, Image, Points]]:
    """At most `most` crops of a clip, evenly spaced: (frame, crop, points in the crop)."""
    points = smooth_points(labels.points)
    found = np.flatnonzero(labels.found)
    if not len(found) or np.median([face_size(points[i]) for i in found]) < _SMALLEST_FACE:
        return
    wanted = set(found[:: max(1, round(len(found) / most))].tolist())
    for index, frame in enumerate(decode(labels.clip)):
        if index in wanted:
            affine = frame_to_crop(points[index], SPEC)
            yield index, warp_crop(frame, affine, SPEC.size), transform(points[index], affine)


def cut_split(split: str) -> None:
    """Write the crops of all clips of `split`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    images, points, clip, time = [], [], [], []
    names: list[str] = []
    paths = list_labels(split)
    for path in paths:
        labels = read_labels(path)
        group = Path(labels.source).parts[-2]
        if group in _LEFT_OUT:
            continue
        for index, crop, moved in cut_clip(labels, _MOST.get(group, 100)):
            images.append(crop)
            points.append(moved)
            clip.append(len(names))
            time.append(index / labels.fps)
        names.append(labels.source)
    np.savez(FOLDER / f"{split}.npz", points=np.stack(points), clip=np.array(clip), time=np.array(time), names=names)
    np.save(FOLDER / f"{split}.npy", np.stack(images))
    print(f"{split}: {len(images)} crops of {len(names)} clips", flush=True)


def read_crops(*splits: str) -> Crops:
    """The crops of `splits`, one after the other."""
    images: list[Image] = []
    points, clip, time = [], [], []
    names: list[str] = []
    for split in splits:
        images.extend(np.load(FOLDER / f"{split}.npy", mmap_mode="r"))
        with np.load(FOLDER / f"{split}.npz") as file:
            points.append(file["points"])
            clip.append(file["clip"] + len(names))
            time.append(file["time"])
            names.extend(str(name) for name in file["names"])
    return Crops(images, np.concatenate(points), np.concatenate(clip), np.concatenate(time), names)


if __name__ == "__main__":
    for name in sys.argv[1:] or ("train", "val", "faces"):
        cut_split(name)
