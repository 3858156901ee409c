"""Lip motion: what the engine's mouth does to a clip's own voice, beside what the clip's own mouth does.

The engine is asked for key points alone; the face and its pose are the teacher's, so that nothing but hearing counts.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from heygem.engines.alignment import frame_to_crop, transform
from heygem.engines.embedded import EmbeddedEngine
from heygem.engines.engine import VoiceFeatures
from heygem.engines.speech_motion import opening, width
from training.crops import smooth_points
from training.dataset import Labels
from training.evaluation.clips import Clip, get_truth, is_well_seen, list_held_out, pick_few
from training.evaluation.mouth_curve import Mouth, correlate, find_lag, read_mouth
from training.evaluation.report import Findings, Table, mean_by, mean_row
from training.evaluation.workers import Workers, get_engine
from training.voices import read_voice

_LATE_S: Final = 1.0
_NOTE: Final = (
    "r: correlation of the opening; 'in step': with the clip's constant offset of picture and voice, judged by the\n"
    "clips' index without our networks, taken out; 'best lag': the one that suits ours best, which flatters, most of\n"
    "all in short clips. swing: the opening's standard deviation against the true one."
)


def measure_lip_motion(workers: Workers, models: Path, split: str, quick: bool) -> Findings:
    """Figures are means over speakers, some of whom have thirty clips and others one."""
    clips = list_held_out(split)
    if quick:
        clips = pick_few(clips, per_speaker=2, groups=("grid_multi", "voxceleb2", "lrw_ar"))
    measured = workers.map(partial(_measure_clip, models), clips)
    strangers = _compare_strangers(measured)
    rows = [(result.clip, result.row | strangers[i]) for i, result in enumerate(measured)]
    speakers = mean_by((f"{clip.group} {clip.speaker}", row) for clip, row in rows)
    figures = mean_row(speakers.values())
    means = {
        "mean over speakers": figures,
        "mean over clips": mean_row(row for _, row in rows),
        **{f"clips of {name}": row for name, row in mean_by((clip.group, row) for clip, row in rows).items()},
    }
    return Findings(figures, (Table("Lip motion", means | speakers, _NOTE),))


@dataclass(frozen=True)
class _Measured:
    clip: Clip
    row: dict[str, float]
    true: Mouth
    ours: Mouth


def _measure_clip(models: Path, clip: Clip) -> _Measured | None:
    truth = get_truth(clip)
    samples = read_voice(clip.path)
    if not is_well_seen(truth) or not len(samples):
        return None
    engine = get_engine(models)
    true = read_mouth(truth.points, truth.fps)
    ours = hear_mouth(engine, engine.listen([samples]), truth)
    still = hear_mouth(engine, engine.listen([np.zeros_like(samples)]), truth)
    late = round(_LATE_S * truth.fps)
    offset = 0 if clip.offset_s is None else round(clip.offset_s * truth.fps)
    best = find_lag(ours.opening, true.opening)
    row = {
        "r": correlate(ours.opening, true.opening),
        "r width": correlate(ours.width, true.width),
        "r in step": correlate(ours.opening, true.opening, -offset),
        "r width in step": correlate(ours.width, true.width, -offset),
        "best lag": float(best),
        "r at best lag": correlate(ours.opening, true.opening, best),
        "swing": float(np.nanstd(ours.opening) / np.nanstd(true.opening)),
        "still r": correlate(still.opening, true.opening),
        "1 s late r": correlate(np.roll(ours.opening, late), true.opening),
    }
    return _Measured(clip, row, true, ours)


def _compare_strangers(measured: list[_Measured]) -> list[dict[str, float]]:
    """For each clip, how the next speaker's mouth goes with it: the real one, and ours to that voice."""
    rows: list[dict[str, float]] = []
    for i, result in enumerate(measured):
        others = measured[i + 1 :] + measured[:i]
        other = next((other for other in others if other.clip.speaker != result.clip.speaker), None)
        if other is None:
            rows.append({})
            continue
        real = correlate(other.true.opening, result.true.opening)
        rows.append({"random mouth r": real, "other voice r": correlate(other.ours.opening, result.true.opening)})
    return rows


def hear_mouth(engine: EmbeddedEngine, voice: VoiceFeatures, truth: Labels) -> Mouth:
    """The mouth that the engine wants on the face tracked as `truth`, to a voice that starts with its first frame."""
    performance = engine.perform(voice, truth.points, [])
    faces = smooth_points(truth.points)
    curves = np.full((2, len(faces)), np.nan, np.float32)
    for frame in np.flatnonzero(truth.found):
        points = transform(faces[frame], frame_to_crop(faces[frame], engine.crop))
        wanted = performance.key_points(points, float(frame / truth.fps))
        curves[:, frame] = opening(wanted), width(wanted)
    heights, widths = curves / np.float32(engine.crop.scale)
    return Mouth(heights, widths, truth.fps)
