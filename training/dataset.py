"""Labels the clips with the teacher's landmarks, one .npz per clip, and finds and reads those files again.

`data/labels/<split>/<set>/<stem>.npz` for the clips of INDEX.tsv, `data/labels/faces/<stem>.npz` for faces/, each with
    points  (T, 131, 2) float32  landmarks in frame pixels, in the order of heygem.domain.landmarks; NaN: no face found
    depth   (T, 131) float32     the teacher's depth, in frame pixels, smaller is nearer to the camera; NaN as above
    fps     float64              frames per second
    width, height  int64         of the frames
    source  str                  the clip, relative to the folder of clips
T counts the frames as PyAV decodes them. The first is row 0. A clip has at most one face labelled: the teacher's first.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from heygem.engines.alignment import Image, Points, as_image

ROOT: Final = Path(__file__).resolve().parent
CLIPS: Final = ROOT.parent.parent / "shared" / "clips"
TEACHERS: Final = ROOT.parent.parent / "shared" / "models"
DATA: Final = ROOT / "data"
LABELS: Final = DATA / "labels"
SPLITS: Final = ("train", "val", "test", "faces")


@dataclass(frozen=True)
class Labels:
    """What the teacher saw in one clip; arrays as the module's docstring says."""

    points: NDArray[np.float32]
    depth: NDArray[np.float32]
    fps: float
    width: int
    height: int
    source: str

    @property
    def clip(self) -> Path:
        return CLIPS / self.source

    @property
    def found(self) -> NDArray[np.bool_]:
        """(T,): in which frames there is a face."""
        return np.isfinite(self.points[:, 0, 0])


def list_clips(split: str) -> list[Path]:
    """The clips of `split`, relative to the folder of clips: as INDEX.tsv has them, or all that lie in faces/."""
    if split == "faces":
        return [path.relative_to(CLIPS) for path in sorted((CLIPS / "faces").rglob("*.mp4"))]
    with (CLIPS / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return [Path(row["file"]) for row in rows if row["split"] == split and row["file"].endswith(".mp4")]


def label_path(clip: Path) -> Path:
    """Where the labels of `clip` (relative to the folder of clips) are."""
    return (LABELS / clip).with_suffix(".npz")


def list_labels(split: str) -> list[Path]:
    """The label files of `split` that are there."""
    return [path for clip in list_clips(split) if (path := label_path(clip)).is_file()]


def read_labels(path: Path) -> Labels:
    with np.load(path) as file:
        return Labels(
            points=file["points"],
            depth=file["depth"],
            fps=float(file["fps"]),
            width=int(file["width"]),
            height=int(file["height"]),
            source=str(file["source"]),
        )


def decode(clip: Path) -> Iterator[Image]:
    """The frames of a clip, (H, W, 3) uint8 BGR, as they are stored."""
    with av.open(str(clip)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            yield as_image(frame.to_ndarray(format="bgr24"))


def read_fps(clip: Path) -> float:
    with av.open(str(clip)) as container:
        return float(container.streams.video[0].average_rate or 25)


def face_size(points: Points) -> float:
    """The distance between the outer eye corners, in the unit of `points` (131, 2)."""
    return float(np.linalg.norm(points[92] - points[76]))
