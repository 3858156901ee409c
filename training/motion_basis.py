"""Learns the basis of speech motion from the labels: head pose regressed out, then principal components."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.engines.speech_motion import MOVED, MotionBasis, normalise, opening, split
from training.crops import smooth_points
from training.dataset import face_size, list_labels, read_labels

COUNT: Final = 16
_TURNS: Final = 3  # yaw, pitch and what perspective makes of them
_PROTECTED: Final = 2  # speech motions that no turn of the head may imitate
LEFT_OUT: Final = ("romanian_tedx",)  # mouths without a face: the teacher guesses

Array = NDArray[np.float32]


def list_faces(split_name: str) -> Iterator[tuple[str, float, Array]]:
    """The clips of a split whose face is well seen: (source, fps, (T, 131, 2) in face units, NaN where lost)."""
    for path in list_labels(split_name):
        labels = read_labels(path)
        found = labels.found
        if Path(labels.source).parts[-2] in LEFT_OUT or found.mean() < 0.8 or found.sum() < 12:
            continue
        if np.median([face_size(points) for points in labels.points[found]]) < 40:
            continue
        points = np.full_like(labels.points, np.nan)
        points[found] = normalise(smooth_points(labels.points)[found])
        yield labels.source, labels.fps, points


def learn_basis(clips: list[Array]) -> MotionBasis:
    """The basis of many clips, each (T, 131, 2) in face units without gaps; a long clip counts as a few short ones."""
    random = np.random.default_rng(0)
    chosen = [points[np.sort(random.permutation(len(points))[:120])] for points in clips]
    moved, stable = (np.concatenate(parts) for parts in zip(*(_centred(points) for points in chosen), strict=True))
    importance = np.sqrt(_importance())
    pose = _turning(moved, stable)
    for _ in range(2):
        motions, reading, left = _principal(moved - stable @ pose, importance)
        # Noses move with the mouth a little: what opens and widens it shall not pass for the head's turning.
        pose = np.asarray(pose - (pose @ reading[:, :_PROTECTED]) @ motions[:_PROTECTED], np.float32)
    gaps = np.concatenate([opening(points) - opening(points).mean() for points in chosen])
    motion = (moved - stable @ pose) @ reading
    floors = [float(np.percentile(opening(points), 5)) for points in clips]
    closed = float(np.percentile(floors, 25))
    widest = [float(np.percentile(opening(points), 95)) - closed for points in clips]
    print(f"motions leave {left:.4f} of the weighted variance")
    print(f"a closed mouth gapes {closed:.4f}, an open one {np.mean(widest):.4f} more, face units")
    slope = np.asarray(gaps @ motion / (gaps @ gaps), np.float32)
    motions, reading, pose = (np.asarray(part, np.float32) for part in (motions, reading, pose))
    return MotionBasis(motions, reading, pose, slope, closed, float(np.mean(widest)))


def _turning(moved: Array, stable: Array) -> Array:
    """(34, 2 M): how moved points follow the first few principal movements of the stable ones, which are the head's."""
    _, axes = np.linalg.eigh(stable.T @ stable)
    chosen = axes[:, -_TURNS:]
    turns = stable @ chosen
    return np.asarray(chosen @ np.linalg.solve(turns.T @ turns, turns.T @ moved), np.float32)


def _principal(speech: Array, importance: Array) -> tuple[Array, Array, float]:
    """Motions (K, 2 M), their reading (2 M, K), and what share of the weighted variance they leave."""
    _, spread, axes = np.linalg.svd(speech * importance, full_matrices=False)
    scale = spread[:COUNT] / np.sqrt(len(speech))  # coefficients have unit variance
    motions = axes[:COUNT] * scale[:, None] / importance
    reading = (axes[:COUNT] / scale[:, None]).T * importance[:, None]
    return motions, reading, float((spread[COUNT:] ** 2).sum() / (spread**2).sum())


def _centred(points: Array) -> tuple[Array, Array]:
    moved, stable = split(points)
    return moved - moved.mean(axis=0), stable - stable.mean(axis=0)


def _importance() -> Array:
    """(2 M,): lips, above all their inner edge, count more than the jaw."""
    weight = [3.0 if 56 <= i < 76 else 2.0 if 36 <= i < 56 else 0.3 for i in MOVED]
    return np.repeat(np.array(weight, dtype=np.float32), 2)
