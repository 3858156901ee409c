"""Measures the face tracker against the teacher, on people it has not seen: `python -m training.evaluate_tracker`.

Errors are in distances of the outer eye corners; "gap" is the opening of the inner lips.
"""

import argparse
import json
import time
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from heygem.domain import landmarks
from heygem.engines.alignment import Points
from heygem.engines.face_region import bounding_box
from heygem.engines.face_tracker import FaceTrackerModels, load_face_tracker
from training.dataset import ROOT, Labels, decode, face_size, list_labels, read_labels

DETECT_EVERY: Final = 15  # frames
MIN_PRESENCE: Final = 0.5


@dataclass
class Tally:
    """What was seen in one clip, frame by frame."""

    detected: list[bool] = field(default_factory=list)  # by the detector alone, with the right box
    extra: list[bool] = field(default_factory=list)  # something else was detected too: others, or a mistake
    tracked: list[bool] = field(default_factory=list)
    points: list[float] = field(default_factory=list)
    lips: list[float] = field(default_factory=list)
    gap: list[float] = field(default_factory=list)
    ours: list[Points | None] = field(default_factory=list)


def follow_clip(models: FaceTrackerModels, labels: Labels, most: int) -> Tally:
    """Track the first `most` frames of a clip as the pipeline does, and compare with the teacher's."""
    tally = Tally()
    last: Points | None = None
    for index, (frame, true) in enumerate(zip(islice(decode(labels.clip), most), labels.points, strict=False)):
        is_there = bool(np.isfinite(true[0, 0]))
        if index % DETECT_EVERY == 0 or last is None:
            found = models.detector.detect(frame)
            if is_there:
                right = [d for d in found if d.box.overlap(bounding_box(true)) > 0.5]
                tally.detected.append(bool(right))
                tally.extra.append(len(found) > len(right))
                last = last if last is not None or not right else models.landmarker.find(frame, right[0].box)[0]
        if last is not None:
            points, presence = models.landmarker.find(frame, last)
            last = points if presence > MIN_PRESENCE else None
        tally.ours.append(last)
        if is_there:
            tally.tracked.append(last is not None and bounding_box(last).overlap(bounding_box(true)) > 0.5)
            if last is not None and tally.tracked[-1]:
                _compare(tally, last, true)
    return tally


def _compare(tally: Tally, ours: Points, true: Points) -> None:
    size = max(face_size(true), 0.3 * float(np.ptp(true[:, 1])))  # side faces: eye corners are not far apart
    away = np.linalg.norm(ours - true, axis=1) / size
    upper, lower = landmarks.LIP_INNER_MIDDLES
    opening = [float(np.linalg.norm(p[upper] - p[lower])) for p in (ours, true)]
    tally.points.append(float(away.mean()))
    tally.lips.append(float(away[landmarks.LIPS].mean()))
    tally.gap.append(abs(opening[0] - opening[1]) / size)


def measure_jitter(points: NDArray[np.float32]) -> float:
    """How far a landmark is on average from the middle of its two neighbours in time, in outer-eye distances."""
    middle = (points[2:] + points[:-2]) / 2
    away = np.linalg.norm(points[1:-1] - middle, axis=2).mean(axis=1)
    return float(np.nanmean(away / np.linalg.norm(points[1:-1, 92] - points[1:-1, 76], axis=1)))


def measure_tracker(split: str = "test", most: int = 60, clips_per_set: int = 12) -> dict[str, Any]:
    """Per set of clips and over all of them: shares of found faces, mean errors, jitter beside the teacher's."""
    models = load_face_tracker(ROOT.parent / "models", torch.device("cpu"))
    sets: dict[str, list[Tally]] = {}
    jitter: dict[str, list[tuple[float, float]]] = {}
    for path in list_labels(split):
        labels = read_labels(path)
        name = Path(labels.source).parts[1] if split != "faces" else "faces"
        if len(sets.get(name, ())) >= clips_per_set or not labels.found.any():
            continue
        tally = follow_clip(models, labels, most)
        sets.setdefault(name, []).append(tally)
        ours = [points for points in tally.ours if points is not None]
        if len(ours) == len(tally.ours) > 4 and labels.found[: len(ours)].all():
            pair = measure_jitter(np.stack(ours)), measure_jitter(labels.points[: len(ours)])
            jitter.setdefault(name, []).append(pair)
    result: dict[str, Any] = {name: _summarize(tallies) for name, tallies in sets.items()}
    for name, pairs in jitter.items():
        result[name]["jitter"], result[name]["teacher_jitter"] = (round(float(v), 5) for v in np.mean(pairs, axis=0))
    result["all"] = _summarize([tally for tallies in sets.values() for tally in tallies])
    return result


def _summarize(tallies: list[Tally]) -> dict[str, float]:
    def mean(name: str) -> float:
        values = [value for tally in tallies for value in getattr(tally, name)]
        return round(float(np.mean(values)), 4) if values else float("nan")

    names = ("detected", "extra", "tracked", "points", "lips", "gap")
    return {"clips": len(tallies), **{name: mean(name) for name in names}}


def measure_speed(threads: int = 2, frames: int = 90) -> dict[str, float]:
    """Frames per second at 720p with one face, and milliseconds per call of each network."""
    models = load_face_tracker(ROOT.parent / "models", torch.device("cpu"))
    torch.set_num_threads(threads)
    clips = (read_labels(path) for path in list_labels("test"))
    frame = next(decode(next(labels.clip for labels in clips if (labels.width, labels.height) == (1280, 720))))
    detections = models.detector.detect(frame)
    points, _ = models.landmarker.find(frame, detections[0].box)
    marks = [time.perf_counter()]
    for _ in range(frames // DETECT_EVERY):
        models.detector.detect(frame)
    marks.append(time.perf_counter())
    for _ in range(frames):
        points, _ = models.landmarker.find(frame, points)
    marks.append(time.perf_counter())
    detect_s, find_s = np.diff(marks)
    return {
        "fps": round(float(frames / (detect_s + find_s)), 1),
        "detect_ms": round(float(1000 * detect_s / (frames // DETECT_EVERY)), 2),
        "find_ms": round(float(1000 * find_s / frames), 2),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", default="test")
    parser.add_argument("--frames", type=int, default=60, help="per clip")
    parser.add_argument("--clips", type=int, default=12, help="per set")
    options = parser.parse_args()
    for key, row in measure_tracker(options.split, options.frames, options.clips).items():
        print(key, json.dumps(row))
    print("speed", json.dumps(measure_speed()))
