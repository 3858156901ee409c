"""The face tracker beside the teacher, on people it has not seen, as the pipeline uses it.

Errors are in distances of the outer eye corners.
"""

from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.domain import landmarks
from heygem.domain.job import FaceChoice
from heygem.engines.alignment import Image
from heygem.engines.face_region import bounding_box
from heygem.pipeline.face_track import FaceTrack, bridge_gaps
from heygem.pipeline.smoothing import smooth_track
from heygem.pipeline.track import track_face
from training.dataset import TEACHERS, decode, face_size
from training.evaluation.clips import Clip, get_truth, list_held_out, pick_few
from training.evaluation.jitter import STILL_FRAMES, find_still, measure_jitter, measure_tremble, repeat_still
from training.evaluation.report import Findings, Row, Table, mean_by, mean_row
from training.evaluation.workers import Workers, get_tracker
from training.teacher import STILL_BORDER, open_teacher

_MOST_PER_SPEAKER: Final = 6
_QUICK_CLIPS: Final = 6
_QUICK_FRAMES: Final = 40
_FRAMES: Final = 150  # of a clip
_SAME: Final = 0.3  # overlap of two boxes around one face
_NOTE: Final = (
    "found: of the teacher's frames, those in which our track is on the same face. Errors in hundredths of the\n"
    "distance of the outer eye corners, of the track as the pipeline delivers it. jitter: in the stillest second of a\n"
    "clip, how far a landmark is from the middle of its neighbours in time. tremble: of one frame filmed again and\n"
    "again with camera noise and recompression, how far landmarks are from their mean place. raw: before smoothing."
)

Points = NDArray[np.float32]


def measure_tracker(workers: Workers, models: Path, split: str, quick: bool) -> Findings:
    """Figures are means over speakers, the share of found frames is of all frames."""
    clips = pick_few(list_held_out(split), 1 if quick else _MOST_PER_SPEAKER)
    if quick:
        clips = [clip for clip in clips if clip.group != "dfdc_real"][:_QUICK_CLIPS]
    measured = workers.map(partial(_measure_clip, models, _QUICK_FRAMES if quick else _FRAMES), clips)
    still = workers.map(partial(_measure_still, models), pick_few(clips, 1))
    rows = [(f"{clip.group} {clip.speaker}", row) for clip, row in [*measured, *still]]
    speakers = mean_by(rows)
    means = mean_row(speakers.values())
    means["found"] = sum(row["frames found"] for _, row in measured) / sum(row["frames"] for _, row in measured)
    for row in (means, *speakers.values()):
        row.pop("frames", None), row.pop("frames found", None)
    for name in ("jitter", "tremble"):
        means[f"{name} share"] = means[name] / means[f"{name} of teacher"]
    return Findings(means, (Table("Face tracker", {"mean over speakers": means, **speakers}, _NOTE),))


def _measure_clip(models: Path, most: int, clip: Clip) -> tuple[Clip, Row] | None:
    truth = get_truth(clip)
    true = truth.points[:most]
    seen = np.isfinite(true[:, 0, 0])
    if not seen.any():
        return None
    raw, ours = _follow(models, list(islice(decode(clip.path), most)))
    both = seen & raw.found
    on_it = [i for i in np.flatnonzero(both) if bounding_box(ours.points[i]).overlap(bounding_box(true[i])) > _SAME]
    row = {"frames": float(seen.sum()), "frames found": float(len(on_it)), "found": len(on_it) / seen.sum()}
    if on_it:
        row |= _compare(ours.points[on_it], true[on_it])
        row |= {f"{name} raw": value for name, value in _compare(raw.points[on_it], true[on_it]).items()}
    still = find_still(np.where(both[:, None, None], true, np.nan))
    if still is not None:
        row |= {
            "jitter": measure_jitter(ours.points[still]),
            "jitter raw": measure_jitter(raw.points[still]),
            "jitter of teacher": measure_jitter(true[still]),
        }
    return clip, {name: 100 * value if name.startswith("jitter") else value for name, value in row.items()}


def _compare(ours: Points, true: Points) -> dict[str, float]:
    # In side faces the eye corners come close: a share of the face's height stands in.
    size = np.array([max(face_size(points), 0.3 * float(np.ptp(points[:, 1]))) for points in true])
    away = np.linalg.norm(ours - true, axis=2)
    upper, lower = landmarks.LIP_INNER_MIDDLES
    gaps = [np.linalg.norm(points[:, upper] - points[:, lower], axis=-1) for points in (ours, true)]
    return {
        "error": 100 * float((away.mean(axis=1) / size).mean()),
        "lip error": 100 * float((away[:, landmarks.LIPS].mean(axis=1) / size).mean()),
        "opening error": 100 * float((np.abs(gaps[0] - gaps[1]) / size).mean()),
    }


def _measure_still(models: Path, clip: Clip) -> tuple[Clip, Row] | None:
    """One frame of the clip, its middle one, as a camera sees it that looks at a photograph."""
    truth = get_truth(clip)
    found = np.flatnonzero(truth.found)
    if not len(found):
        return None
    number = int(found[len(found) // 2])
    pictures = repeat_still(next(islice(decode(clip.path), number, None)), seed=0)
    raw, ours = _follow(models, pictures)
    with open_teacher(TEACHERS, truth.fps, STILL_BORDER) as teacher:
        seen = [points for picture in pictures if (points := teacher.find(picture)) is not None]
    if len(seen) < STILL_FRAMES or not raw.found.all():
        return None
    tremble = {
        "tremble": measure_tremble(ours.points),
        "tremble raw": measure_tremble(raw.points),
        "tremble of teacher": measure_tremble(np.stack(seen)[..., :2]),
    }
    return clip, {name: 100 * value for name, value in tremble.items()}


def _follow(models: Path, frames: Sequence[Image]) -> tuple[FaceTrack, FaceTrack]:
    """The track of `frames`, and the same as the pipeline goes on with it."""
    tracker = get_tracker(models)
    raw = track_face(frames, tracker.detector, tracker.landmarker, FaceChoice())
    return raw, smooth_track(bridge_gaps(raw))
