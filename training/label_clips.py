"""Labels all clips with the teacher: `python -m training.label_clips [train val test faces]`. Can be run again."""

import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heygem.engines.mesh_vertices import MESH_VERTICES
from training.dataset import CLIPS, DATA, SPLITS, TEACHERS, decode, label_path, list_clips, read_fps
from training.teacher import STILL_BORDER, find_face_region, open_teacher


def label_clip(clip: Path) -> int:
    """Write the labels of `clip` (relative to the folder of clips); how many of its frames have a face."""
    video = CLIPS / clip
    points, size = find_landmarks(video)
    target = label_path(clip)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as file:
        np.savez(
            file,
            points=points[..., :2],
            depth=points[..., 2],
            fps=np.float64(read_fps(video)),
            width=np.int64(size[0]),
            height=np.int64(size[1]),
            source=np.str_(clip.as_posix()),
        )
    part.replace(target)
    return int(np.isfinite(points[:, 0, 0]).sum())


def find_landmarks(video: Path) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """What the teacher sees in the frames of `video`: (T, 131, 3), NaN without a face; and their (width, height)."""
    points, size = _follow(video)
    if np.isfinite(points[:, 0, 0]).mean() < 0.5:
        again, size = _follow(video, border=STILL_BORDER)  # perhaps the face fills the frame
        points = _better(points, again)
        region = find_face_region(decode(video), TEACHERS)  # or it is small in it
        if region is not None:
            again, size = _follow(video, region=region)
            points = _better(points, again)
    if np.isfinite(points[:, 0, 0]).mean() < 0.2:  # mouths without faces: what is found there is wrong
        points[:] = np.nan
    return points, size


def _better(first: NDArray[np.float32], second: NDArray[np.float32]) -> NDArray[np.float32]:
    return second if np.isfinite(second[:, 0, 0]).sum() > np.isfinite(first[:, 0, 0]).sum() else first


def _follow(
    video: Path, border: float = 0.0, region: tuple[int, int, int, int] | None = None
) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """(T, 131, 3) of all frames, looked for in `region` (left, top, right, bottom), and the frames' (width, height)."""
    missing = np.full((len(MESH_VERTICES), 3), np.nan, dtype=np.float32)
    rows = []
    size = (0, 0)
    with open_teacher(TEACHERS, read_fps(video), border) as teacher:
        for frame in decode(video):
            size = (frame.shape[1], frame.shape[0])
            left, top, right, bottom = region or (0, 0, *size)
            found = teacher.find(np.ascontiguousarray(frame[top:bottom, left:right]))
            rows.append(missing if found is None else found + np.array([left, top, 0], np.float32))
    return np.stack(rows), size


def label_split(split: str, workers: int = 2) -> None:
    """Label what is not yet labelled of `split`, then note it in data/STATUS."""
    clips = [clip for clip in list_clips(split) if not label_path(clip).is_file()]
    start = time.monotonic()
    frames = 0
    with ProcessPoolExecutor(workers) as pool:
        jobs = {pool.submit(label_clip, clip): clip for clip in clips}
        for count, job in enumerate(as_completed(jobs), 1):
            try:
                frames += job.result()
            except Exception as error:  # one broken clip must not end the labelling
                print(f"{jobs[job]}: {error!r}", flush=True)
            if count % 10 == 0 or count == len(jobs):
                speed = frames / (time.monotonic() - start)
                print(f"{split}: {count}/{len(jobs)} clips, {frames} faces, {speed:.0f} a second", flush=True)
    with (DATA / "STATUS").open("a", encoding="utf-8") as status:
        status.write(f"{split} labels ready\n")


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    for name in sys.argv[1:] or SPLITS:
        label_split(name)
