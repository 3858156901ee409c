"""Chooses the frames of a video that show an engine what this person's mouth looks like."""

from typing import Final

import numpy as np

from heygem.domain import landmarks
from heygem.engines.alignment import frame_to_face, transform
from heygem.pipeline.face_track import MAX_TURN, FaceTrack, FloatArray, measure_turn

MAX_CANDIDATES: Final = 600


def choose_references(track: FaceTrack, count: int) -> list[int]:
    """Frame numbers of up to `count` references, the most open mouth first, then evenly down to a closed one.

    Only frames near the track's usual pose are taken, as far as there are such. Empty for a track without a face.
    """
    frames = np.flatnonzero(track.found)
    frames = frames[:: max(1, len(frames) // MAX_CANDIDATES)]
    if not len(frames):
        return []
    turns = np.array([measure_turn(track.points[frame]) for frame in frames])
    usual = turns <= max(float(np.median(turns)), 0.4 * MAX_TURN) + 1e-6
    frames = frames[usual]
    openings = np.array([measure_opening(track.points[frame]) for frame in frames])
    ranks = np.argsort(openings)
    # The very widest is often a yawn or a slip of the tracker.
    shares = np.linspace(0.97, 0.05, count) if count > 1 else np.array([0.8])
    chosen = [int(frames[ranks[round(share * (len(ranks) - 1))]]) for share in shares]
    return list(dict.fromkeys(chosen))


def measure_opening(points: FloatArray) -> float:
    """The height of the gap between the lips' inner edges, in face units."""
    face = transform(points, frame_to_face(points))
    upper, lower = landmarks.LIP_INNER_MIDDLES
    return float(np.linalg.norm(face[lower] - face[upper]))
