"""Sheets and short videos to look at: `python -m training.sheets [--split test] [--models DIR] [--people 6]`.

Writes runs/sheets/: for each held-out person a sheet (the clip itself, which is what the mouth should do, and below it
the same moments with the clip's own voice, and with a Mandarin one), and two videos, the clip beside ours.
"""

import argparse
import subprocess
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from heygem.engines.alignment import CropSpec, Image, as_image, frame_to_crop, warp_crop
from heygem.engines.engine import SAMPLE_RATE
from heygem.media.ffmpeg_binary import find_ffmpeg
from training.dataset import CLIPS, ROOT, decode
from training.evaluation.clips import Clip, get_truth, is_well_seen, list_held_out
from training.evaluation.finished_video import make_video
from training.evaluation.workers import open_workers
from training.voices import read_voice

FOLDER: Final = ROOT / "runs" / "sheets"
SHORTEST_S: Final = 2.0
LONGEST_S: Final = 6.0
MOMENTS: Final = 8
MANDARIN: Final = "echomimic_v2_b2b954_news.flac"

_FACE: Final = CropSpec(256, (0.0, 0.35), 2.0)  # what the sheets show
_TALLEST: Final = 512  # pixels of height of the videos
_LINE: Final = 18  # pixels of height for a row's name


def make_sheet(models: Path, clip: Clip) -> str | None:
    """The sheet and the videos of one person; the name of the sheet, or None where the face is not well seen."""
    truth = get_truth(clip)
    if not is_well_seen(truth):
        return None
    count = round(min(clip.duration_s, LONGEST_S) * SAMPLE_RATE)
    voices = {"own": read_voice(clip.path)[:count], "mandarin": read_voice(CLIPS / "voices" / MANDARIN)[:count]}
    last = min(round(min(len(samples) for samples in voices.values()) / SAMPLE_RATE * truth.fps), len(truth.points))
    seen = np.flatnonzero(truth.found[: last - 1])
    moments = seen[np.linspace(0, len(seen) - 1, MOMENTS).astype(int)].tolist()
    rows = [_name("the clip itself", _cut_faces(clip.path, truth.points, moments))]
    for name, samples in voices.items():
        with make_video(models, clip.path, samples) as video:
            rows.append(_name(f"ours, {name} voice", _cut_faces(video, truth.points, moments)))
            _put_beside(clip.path, video, FOLDER / f"{clip.group}_{clip.speaker}_{name}.mp4")
    sheet = FOLDER / f"{clip.group}_{clip.speaker}.png"
    cv2.imwrite(str(sheet), np.vstack(rows))
    return sheet.name


def _cut_faces(video: Path, points: NDArray[np.float32], moments: list[int]) -> Image:
    """The faces of some frames in a row; the face is where the clip's own frames have it."""
    return as_image(np.hstack(list(_read_faces(video, points, moments))))


def _read_faces(video: Path, points: NDArray[np.float32], moments: list[int]) -> Iterator[Image]:
    for number, frame in enumerate(islice(decode(video), max(moments) + 1)):
        if number in moments:
            yield warp_crop(frame, frame_to_crop(points[number], _FACE), _FACE.size)


def _name(text: str, row: Image) -> Image:
    line = np.full((_LINE, row.shape[1], 3), 255, np.uint8)
    cv2.putText(line, text, (4, _LINE - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return as_image(np.vstack([line, row]))


def _put_beside(clip: Path, video: Path, target: Path) -> None:
    """The clip to the left of our video, as long as the shorter of the two, with our video's sound."""
    command = [str(find_ffmpeg()), "-y", "-loglevel", "error", "-i", str(clip), "-i", str(video)]
    scale = f"scale=-2:'min(ih,{_TALLEST})'"
    command += ["-filter_complex", f"[0:v]{scale}[a];[1:v]{scale}[b];[a][b]hstack=shortest=1", "-map", "1:a"]
    command += ["-shortest", "-pix_fmt", "yuv420p", "-preset", "veryfast", "-crf", "18", str(target)]
    subprocess.run(command, check=True)


def _pick_people(clips: list[Clip], count: int) -> list[Clip]:
    """One clip of each speaker, the sets taking turns."""
    speakers = list({clip.speaker: clip for clip in clips}.values())
    groups = list(dict.fromkeys(clip.group for clip in speakers))
    turns = {clip.source: [c for c in speakers if c.group == clip.group].index(clip) for clip in speakers}
    return sorted(speakers, key=lambda clip: (turns[clip.source], groups.index(clip.group)))[:count]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--split", default="test", choices=("test", "val"))
    parser.add_argument("--models", type=Path, default=ROOT.parent / "models")
    parser.add_argument("--people", type=int, default=6)
    given = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    people = _pick_people(list_held_out(given.split, SHORTEST_S), given.people)
    with open_workers() as workers:
        for name in workers.map(partial(make_sheet, given.models), people):
            print(FOLDER / name)
