"""Decoded training pictures for the face tracker's networks, kept as memory-mapped arrays in data/faces_<split>/.

`crops.raw` (N, 208, 208, 3) uint8 BGR: a square around each face, LOOSE times as wide as the landmarker's own crop;
`scenes.raw` (N, 256, 256, 3): whole frames, letterboxed into the upper left corner, of those with no second face;
`labels.npz`: `points` (N, 131, 2) in crop pixels, `scene_points` (M, 131, 2), `scene_size` (M, 2) width and height,
and `group` (N,) the name of the set of clips. Build it with `python -m training.face_cache train val`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from heygem.engines.alignment import Image, Points, as_image
from training.dataset import DATA, TEACHERS, Labels, decode, list_labels, read_labels
from training.teacher import find_boxes

CROP: Final = 208
LOOSE: Final = 1.6
FILL: Final = 1.25  # the landmarker's crop is this many times as wide as the face's longer side
SCENE: Final = 256
PER_CLIP: Final = {"lrw_ar": 8, "grid_s1": 8, "grid_multi": 20, "lipreading_org": 24, "talkers": 160, "faces": 20}
SCENES_EVERY: Final = 3  # one scene in so many crops


def choose_frames(labels: Labels, count: int) -> NDArray[np.int64]:
    """Evenly spaced frames with a face of at least 40 px."""
    points = labels.points[labels.found]
    tall = np.ptp(points[..., 1], axis=1) >= 40 if len(points) else np.zeros(0, dtype=bool)
    frames = np.nonzero(labels.found)[0][tall]
    picks = np.unique(np.linspace(0, max(len(frames) - 1, 0), min(count, len(frames))).astype(int))
    chosen: NDArray[np.int64] = frames[picks]
    return chosen


def cut_crop(frame: Image, points: Points) -> tuple[Image, Points]:
    """The loose, upright crop around a face, and its landmarks in it."""
    low, high = points.min(axis=0), points.max(axis=0)
    scale = CROP / (float((high - low).max()) * FILL * LOOSE)
    shift = (CROP - 1) / 2 - scale * (low + high) / 2
    affine = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    if scale < 0.6:
        sigma = 0.4 / scale
        frame = as_image(cv2.GaussianBlur(frame, (0, 0), sigma))
    crop = cv2.warpAffine(frame, affine, (CROP, CROP), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return as_image(crop), (points * scale + shift).astype(np.float32)


def cut_scene(frame: Image, points: Points) -> tuple[Image, Points, tuple[int, int]]:
    """The frame shrunk into SCENE x SCENE, its landmarks and its size there."""
    scale = SCENE / max(frame.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=how)[:SCENE, :SCENE]
    scene = np.zeros((SCENE, SCENE, 3), dtype=np.uint8)
    scene[: small.shape[0], : small.shape[1]] = small
    return scene, ((points + 0.5) * scale - 0.5).astype(np.float32), (small.shape[1], small.shape[0])


def has_other_face(frame: Image, points: Points) -> bool:
    """Whether YuNet sees a face whose middle lies off the face with landmarks `points`."""
    low, high = points.min(axis=0), points.max(axis=0)
    middles = [box[:2] + box[2:] / 2 for box in find_boxes(frame, TEACHERS, 0.6)]
    return any(bool((middle < low).any() or (middle > high).any()) for middle in middles)


def list_samples(split: str, most: int | None) -> Iterator[tuple[str, Image, Points]]:
    """(set of clips, frame, landmarks) of all chosen frames of `split`."""
    for path in list_labels(split):
        labels = read_labels(path)
        group = labels.source.split("/")[1] if split != "faces" else "faces"
        count = PER_CLIP.get(group, 40)
        wanted = set(choose_frames(labels, min(count, most or count)).tolist())
        if wanted:
            for index, frame in enumerate(decode(labels.clip)):
                if index in wanted:
                    yield group, frame, labels.points[index]


class Appender:
    """Writes pictures one after another into a raw file that grows, to be read as one array."""

    def __init__(self, path: Path, size: int) -> None:
        self._file = path.open("wb")
        self._size = size

    def add(self, image: Image) -> None:
        assert image.shape == (self._size, self._size, 3)
        self._file.write(image.tobytes())

    def close(self) -> None:
        self._file.close()


def build_cache(split: str, most: int | None = None) -> None:
    """Write the cache of `split`; "train" has faces/ in it too."""
    folder = DATA / f"faces_{split}"
    folder.mkdir(parents=True, exist_ok=True)
    crops, scenes = Appender(folder / "crops.raw", CROP), Appender(folder / "scenes.raw", SCENE)
    points, groups, scene_points, scene_sizes = [], [], [], []
    for source in ("train", "faces") if split == "train" else (split,):
        for group, frame, face in list_samples(source, most):
            crop, moved = cut_crop(frame, face)
            crops.add(crop)
            points.append(moved)
            groups.append(group)
            if len(points) % SCENES_EVERY == 0 and not has_other_face(frame, face):
                scene, small, size = cut_scene(frame, face)
                scenes.add(scene)
                scene_points.append(small)
                scene_sizes.append(size)
            if len(points) % 1000 == 0:
                print(f"{split}: {len(points)} crops, {len(scene_points)} scenes", flush=True)
    crops.close()
    scenes.close()
    np.savez(
        folder / "labels.npz",
        points=np.array(points),
        group=np.array(groups),
        scene_points=np.array(scene_points),
        scene_size=np.array(scene_sizes),
    )
    print(f"{split}: {len(points)} crops, {len(scene_points)} scenes, done", flush=True)


def open_pictures(split: str, kind: str) -> NDArray[np.uint8]:
    """`kind` "crops", "scenes" or "false" of the cache of `split`, mapped into memory; none where there are none."""
    size = SCENE if kind == "scenes" else CROP
    path = DATA / f"faces_{split}" / f"{kind}.raw"
    if not path.is_file() or not path.stat().st_size:
        return np.zeros((0, size, size, 3), np.uint8)
    return np.memmap(path, dtype=np.uint8, mode="r").reshape(-1, size, size, 3)


def read_cache_labels(split: str) -> dict[str, NDArray[np.generic]]:
    with np.load(DATA / f"faces_{split}" / "labels.npz") as file:
        return {name: file[name] for name in file.files}


if __name__ == "__main__":
    for name in sys.argv[1:] or ("train", "val"):
        build_cache(name, most=None if name == "train" else 12)
