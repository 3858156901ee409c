"""Labels all clips with the teacher: `python -m training.label_clips [train val test faces]`. Can be run again."""

import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.dataset import CLIPS, DATA, SPLITS, TEACHERS, decode, label_path, list_clips, read_fps
from training.teacher import STILL_BORDER, open_teacher
from training.teacher_landmarks import TEACHER_INDICES


def label_clip(clip: Path) -> int:
    """Write the labels of `clip` (relative to the folder of clips); how many of its frames have a face."""
    video = CLIPS / clip
    points, size = _follow(video, border=0.0)
    if np.isfinite(points[:, 0, 0]).mean() < 0.5:  # perhaps the face fills the frame
        again, size = _follow(video, border=STILL_BORDER)
        if np.isfinite(again[:, 0, 0]).sum() > np.isfinite(points[:, 0, 0]).sum():
            points = again
    target = label_path(clip)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
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


def _follow(video: Path, border: float) -> tuple[NDArray[np.float32], tuple[int, int]]:
    """(T, 131, 3) of all frames and the frames' (width, height)."""
    missing = np.full((len(TEACHER_INDICES), 3), np.nan, dtype=np.float32)
    rows = []
    size = (0, 0)
    with open_teacher(TEACHERS, read_fps(video), border) as teacher:
        for frame in decode(video):
            size = (frame.shape[1], frame.shape[0])
            found = teacher.find(frame)
            rows.append(missing if found is None else found)
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
