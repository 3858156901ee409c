"""Whether the mouth rests while the voice is silent, and how lively it is in voices without a video, some Mandarin."""

from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.engines.engine import SAMPLE_RATE
from training.dataset import CLIPS
from training.evaluation.clips import Clip, get_truth, hold_face, is_well_seen, list_held_out, pick_few
from training.evaluation.lip_motion import hear_mouth
from training.evaluation.mouth_curve import Curve, Mouth, read_mouth
from training.evaluation.report import Findings, Row, Table, mean_by, mean_row
from training.evaluation.voice_activity import find_silence
from training.evaluation.workers import Workers, get_engine
from training.voices import read_voice

_ADDED_S: Final = 2.0  # of faint noise after each clip's voice
_ADDED_LEVEL: Final = 0.0005  # -66 dB
_AFTER_S: Final = 0.25  # of a pause, in which mouths close
_BEFORE_S: Final = 0.5  # of its end, in which they get ready: the true ones open up to 0.4 s ahead of the voice
_SHORTEST_S: Final = 0.24  # of what is left of a pause
_NOTE: Final = (
    "In shares of the speaker's range. pauses: by how much the opening changes in a pause of the voice, but for its\n"
    "first quarter and its last half of a second; added: in two seconds of faint noise after it. lively: the standard\n"
    "deviation of the opening while the voice speaks. open in pauses: the opening there."
)


def measure_silence(workers: Workers, models: Path, split: str, quick: bool) -> Findings:
    """`move` is the mean of pauses in clips, of silence added to them, and of pauses in voices without a video."""
    clips = pick_few(list_held_out(split, shortest_s=2.0), 1 if quick else 6, most=4 if quick else 0)
    rows = workers.map(partial(_measure_clip, models), clips)
    voices = sorted((CLIPS / "voices").glob("*.*"))
    voices = [path for path in voices if path.suffix in (".flac", ".m4a", ".mp3")]
    heard = workers.map(partial(_measure_voice, models, clips[0]), voices[:2] if quick else voices)
    means, means_of_voices = mean_row(rows), mean_row(row for _, row in heard)
    moves = [means.get("pauses"), means.get("added"), means_of_voices.get("pauses")]
    means["move"] = float(np.mean([move for move in moves if move is not None]))
    table = {"held-out clips": means, "voices": means_of_voices, **mean_by(heard)}
    return Findings(means, (Table("Silence and liveliness", table, _NOTE),))


def _measure_clip(models: Path, clip: Clip) -> Row | None:
    truth = get_truth(clip)
    samples = read_voice(clip.path)
    if not (is_well_seen(truth) and len(samples)):
        return None
    true = read_mouth(truth.points, truth.fps)
    random = np.random.default_rng(0)
    added = random.normal(0, _ADDED_LEVEL, round(_ADDED_S * SAMPLE_RATE)).astype(np.float32)
    voice = np.concatenate([samples, added])
    engine = get_engine(models)
    ours = hear_mouth(engine, engine.listen([voice]), hold_face(truth, len(voice) / SAMPLE_RATE))
    silent = find_silence(voice)
    end = len(samples) / SAMPLE_RATE
    pauses = [pause for pause in _shrink(silent) if pause[1] <= end]
    return {
        "pauses": _move(ours, pauses) / true.span,
        "true pauses": _move(true, pauses) / true.span,
        "added": _move(ours, [(end + _AFTER_S, end + _ADDED_S)]) / true.span,
        **_describe(ours, true, silent),
    }


def _measure_voice(models: Path, clip: Clip, path: Path) -> tuple[str, Row]:
    """A voice said by the face of `clip`."""
    truth, samples = get_truth(clip), read_voice(path)
    engine = get_engine(models)
    ours = hear_mouth(engine, engine.listen([samples]), hold_face(truth, len(samples) / SAMPLE_RATE))
    true = read_mouth(truth.points, truth.fps)
    silent = find_silence(samples)
    return path.stem, {"pauses": _move(ours, _shrink(silent)) / true.span, **_describe(ours, true, silent)}


def _describe(ours: Mouth, true: Mouth, silent: list[tuple[float, float]]) -> dict[str, float]:
    quiet = _mark(len(ours.opening), ours.fps, _shrink(silent))
    loud = ~_mark(len(ours.opening), ours.fps, silent)
    row = {"lively": float(np.nanstd(ours.opening[loud])) / true.span if loud.any() else float("nan")}
    if quiet.any():
        shut = float(np.nanpercentile(true.opening, 2))
        row["open in pauses"] = (float(np.nanmean(ours.opening[quiet])) - shut) / true.span
    return row


def _move(mouth: Mouth, pauses: list[tuple[float, float]]) -> float:
    """The mean over pauses of the highest minus the lowest opening; NaN without a pause."""
    spans = [_span(mouth.opening[_mark(len(mouth.opening), mouth.fps, [pause])]) for pause in pauses]
    return float(np.mean(spans)) if spans else float("nan")


def _span(opening: Curve) -> float:
    seen = opening[np.isfinite(opening)]
    return float(np.ptp(seen)) if len(seen) else 0.0


def _shrink(silent: list[tuple[float, float]]) -> list[tuple[float, float]]:
    inner = [(start + _AFTER_S if start > 0 else 0.0, stop - _BEFORE_S) for start, stop in silent]
    return [(start, stop) for start, stop in inner if stop - start >= _SHORTEST_S]


def _mark(count: int, fps: float, stretches: list[tuple[float, float]]) -> NDArray[np.bool_]:
    times = np.arange(count) / fps
    marked = np.zeros(count, bool)
    for start, stop in stretches:
        marked |= (times >= start) & (times <= stop)
    return marked
