"""How large the weights are, and how fast the tracker and the model's part of a job are at 720p on two cores.

What else runs on the machine slows them: the best of some rounds counts.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from math import prod
from pathlib import Path
from typing import Final

import torch
from safetensors import safe_open

from benchmarks.model_part import ModelPart
from heygem.domain.job import FaceChoice
from heygem.pipeline.track import track_face
from training.dataset import ROOT, decode
from training.evaluation.clips import Clip, list_held_out
from training.evaluation.report import Findings, Table
from training.evaluation.workers import CORES, Workers, get_tracker

_MB: Final = 1_000_000
_HALF: Final = 2  # bytes
_HEIGHT: Final = 720
_FRAMES: Final = 150
_ROUNDS: Final = 3
_NOTE: Final = "The model's part is all but decoding and encoding; MB as if all were stored in half precision."


def measure_size_speed(workers: Workers, models: Path, split: str, quick: bool) -> Findings:
    """Millions of bytes, and frames a second."""
    del workers  # they would take the cores
    files = sorted(models.glob("*.safetensors"))
    sizes = {path.stem: {"MB": _count_weights(path) * _HALF / _MB} for path in files}
    clip = next(clip for clip in list_held_out(split) if clip.height == _HEIGHT and clip.duration_s > _FRAMES / 25)
    frames, rounds = (_FRAMES // 3, 1) if quick else (_FRAMES, _ROUNDS)
    with _two_cores():
        tracker = max(_time_tracker(models, clip, frames) for _ in range(rounds))
        parts = [_time_model_part(models, clip, frames) for _ in range(rounds)]
    figures = {
        "size_mb": sum(row["MB"] for row in sizes.values()),
        "tracker": tracker,
        "model part": max(part.frames_per_s for part in parts),
        "model part, face cached": max(part.frames_per_s_tracked for part in parts),
    }
    return Findings(figures, (Table("Weights", sizes), Table("Size and speed", {clip.source: figures}, _NOTE)))


def _count_weights(path: Path) -> int:
    with safe_open(path, "pt") as file:
        return sum(prod(file.get_slice(name).get_shape()) for name in file.keys())  # noqa: SIM118 - no mapping


def _time_tracker(models: Path, clip: Clip, count: int) -> float:
    """Frames a second of the first `count` frames, which lie decoded in memory."""
    frames = list(islice(decode(clip.path), count))
    tracker = get_tracker(models)
    track_face(frames[:5], tracker.detector, tracker.landmarker, FaceChoice())  # the first call takes longer
    start = time.perf_counter()
    track_face(frames, tracker.detector, tracker.landmarker, FaceChoice())
    return len(frames) / (time.perf_counter() - start)


def _time_model_part(models: Path, clip: Clip, count: int) -> ModelPart:
    """In a process of its own, as benchmarks.model_part measures it, with the clip's own voice."""
    command = [sys.executable, "-m", "benchmarks.model_part", str(clip.path), str(clip.path), "--frames", str(count)]
    chosen = {"HEYGEM_PATHS__MODELS": str(models), "HEYGEM_DEVICE": "cpu"}
    done = subprocess.run(
        [*command, "--in-this-process"],
        cwd=ROOT.parent,
        env=os.environ | chosen,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return ModelPart(**json.loads(done.stdout))


@contextmanager
def _two_cores() -> Iterator[None]:
    """What runs within, child processes too, has no more than two cores."""
    cores, threads = os.sched_getaffinity(0), torch.get_num_threads()
    os.sched_setaffinity(0, sorted(cores)[:CORES])
    torch.set_num_threads(CORES)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        torch.set_num_threads(threads)
