"""The held-out clips, and what the teacher saw in each: from the labels on disk or, where there are none, seen now."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from training.dataset import CLIPS, Labels, label_path, read_labels
from training.label_clips import label_clip

MOUTHS_ONLY: Final = ("romanian_tedx",)  # crops without a face: the teacher guesses
_FEWEST: Final = 20  # frames


@dataclass(frozen=True)
class Clip:
    """A line of INDEX.tsv. `offset_s` is by how much its mouth is late for its voice, judged without our networks."""

    source: str
    split: str
    group: str
    speaker: str
    duration_s: float
    height: int
    is_synced: bool
    offset_s: float | None
    origin: str

    @property
    def path(self) -> Path:
        return CLIPS / self.source


@cache
def read_index() -> tuple[Clip, ...]:
    with (CLIPS / "INDEX.tsv").open(encoding="utf-8", newline="") as file:
        return tuple(_read_line(row) for row in csv.DictReader(file, delimiter="\t") if row["file"].endswith(".mp4"))


def list_held_out(split: str, shortest_s: float = 0.0) -> list[Clip]:
    """The clips of `split` with a whole face and a voice in step, in the index's order."""
    return [
        clip
        for clip in read_index()
        if clip.split == split and clip.group not in MOUTHS_ONLY and clip.is_synced and clip.duration_s >= shortest_s
    ]


def get_truth(clip: Clip) -> Labels:
    """The teacher's landmarks of `clip`; the first time they are found and written beside the others."""
    path = label_path(Path(clip.source))
    if not path.is_file():
        label_clip(Path(clip.source))
    return read_labels(path)


def is_well_seen(truth: Labels) -> bool:
    """Whether there is a face in most frames, and enough of them to tell how it moves."""
    return bool(truth.found.mean() >= 0.8 and truth.found.sum() >= _FEWEST)


def hold_face(truth: Labels, seconds: float) -> Labels:
    """The face of a clip to and fro for `seconds`, as the pipeline shows it to a longer voice."""
    count, length = len(truth.points), round(seconds * truth.fps)
    walk = np.abs((np.arange(length) + count - 1) % max(1, 2 * count - 2) - (count - 1))
    return replace(truth, points=truth.points[walk], depth=truth.depth[walk])


def pick_few(clips: Iterable[Clip], per_speaker: int, groups: Sequence[str] = (), most: int = 0) -> list[Clip]:
    """The first clips of each speaker, `most` in all (0: any number); of `groups` alone where some are named."""
    seen: dict[str, int] = defaultdict(int)
    chosen = []
    for clip in clips:
        if not groups or clip.group in groups:
            seen[clip.speaker] += 1
            if seen[clip.speaker] <= per_speaker:
                chosen.append(clip)
    return chosen[:most] if most else chosen


def _read_line(row: dict[str, str]) -> Clip:
    judged = re.search(r"lag=([+-]?\d+)", row["sync_judge"])
    return Clip(
        source=row["file"],
        split=row["split"],
        group=row["set"],
        speaker=row["speaker"],
        duration_s=float(row["dur_s"]),
        height=int(row["size"].partition("x")[2]),
        is_synced=row["synced"] in ("yes", "likely"),
        offset_s=int(judged[1]) / 25 if judged else None,
        origin=row["path"],
    )
