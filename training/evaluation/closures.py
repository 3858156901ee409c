"""Whether lips close for p, b and m: on real sentences whose words are known, and on synthetic speech with known times.

A lip opening counts as closed under 15 % of the speaker's range, above the speaker's own closed mouth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.engines.engine import SAMPLE_RATE
from training.evaluation.clips import Clip, get_truth, hold_face, is_well_seen, list_held_out, pick_few
from training.evaluation.lip_motion import hear_mouth
from training.evaluation.mouth_curve import Curve, Mouth, read_mouth
from training.evaluation.report import Findings, Table
from training.evaluation.sentences import SENTENCES, Sentence
from training.evaluation.workers import Workers, get_engine
from training.speech.espeak import has_espeak, open_espeak
from training.speech.phone_times import Phone, align, read_sentence
from training.voices import read_voice

_CLOSED: Final = 0.15  # of the speaker's range
_NOTE: Final = (
    "frames: the share of the frames in p, b or m in which the lips are closed. sounds: the share of such sounds in\n"
    "which they are in some frame. Real: forced alignment of GRID sentences; synthetic: espeak-ng's phone times, said\n"
    "by the faces of held-out people. all frames: how often lips are closed at all, the level that chance would give."
)


def measure_closures(workers: Workers, models: Path, split: str, quick: bool) -> Findings:
    """Figures over all frames that are p, b or m; `real`, `synthetic` and, beside, what the true mouths do."""
    clips = [clip for clip in list_held_out(split) if clip.group == "grid_multi"]
    sentences = SENTENCES[:: 3 if quick else 1]
    real = workers.map(partial(_measure_real, models), pick_few(clips, 3) if quick else clips)
    faces = pick_few(list_held_out(split, shortest_s=2.0), 1, most=1 if quick else 4)
    spoken = workers.map(partial(_measure_synthetic, models, faces), sentences) if has_espeak() else []
    rows = {
        "real, ours": _count([pair[0] for pair in real]),
        "real, true mouth": _count([pair[1] for pair in real]),
        **{f"synthetic, {name}": _count(parts) for name, parts in _by_language(spoken).items()},
        "synthetic": _count([seen for _, seen in spoken]),
    }
    figures = {
        "real": rows["real, ours"]["frames"],
        "true": rows["real, true mouth"]["frames"],
        "synthetic": rows["synthetic"]["frames"],
    }
    return Findings(figures, (Table("Lips closed in p, b, m", rows, _NOTE),))


@dataclass(frozen=True)
class _Lips:
    """Of one mouth: in each frame of a p, b or m, and in all frames, whether the lips are closed; and in each sound."""

    in_frames: NDArray[np.bool_]
    in_sounds: NDArray[np.bool_]
    in_all: NDArray[np.bool_]


def _measure_real(models: Path, clip: Clip) -> tuple[_Lips, _Lips] | None:
    """Our lips and the true ones."""
    truth, words = get_truth(clip), read_sentence(clip.origin)
    samples = read_voice(clip.path)
    if words is None or not is_well_seen(truth) or not (phones := align(words, samples)):
        return None
    engine = get_engine(models)
    true = read_mouth(truth.points, truth.fps)
    ours = hear_mouth(engine, engine.listen([samples]), truth)
    return _look(ours, true, phones), _look(true, true, phones)


def _measure_synthetic(models: Path, faces: list[Clip], sentence: Sentence) -> tuple[str, _Lips] | None:
    """Our lips on several faces one after another; frames of the face to and fro as long as the sentence is."""
    spoken = open_espeak().speak(sentence.text, sentence.voice)
    engine = get_engine(models)
    voice = engine.listen([spoken.samples])
    parts = []
    for clip in faces:
        truth = hold_face(get_truth(clip), len(spoken.samples) / SAMPLE_RATE)
        true = read_mouth(get_truth(clip).points, truth.fps)
        parts.append(_look(hear_mouth(engine, voice, truth), true, spoken.phones))
    return sentence.voice.split("+")[0], _join(parts)


def _look(ours: Mouth, true: Mouth, phones: tuple[Phone, ...]) -> _Lips:
    closed = _find_closed(ours.opening, true)
    times = np.arange(len(closed)) / ours.fps
    seen = np.isfinite(ours.opening)
    inside = [(times >= phone.start_s) & (times < phone.end_s) & seen for phone in phones if phone.is_bilabial]
    inside = [frames for frames in inside if frames.any()]
    anywhere = np.any(inside, axis=0) if inside else np.zeros(len(closed), bool)
    return _Lips(closed[anywhere], np.array([closed[frames].any() for frames in inside], bool), closed[seen])


def _find_closed(opening: Curve, true: Mouth) -> NDArray[np.bool_]:
    shut = float(np.nanpercentile(true.opening, 2))
    return np.asarray(opening < shut + _CLOSED * true.span)


def _join(parts: Sequence[_Lips]) -> _Lips:
    names = ("in_frames", "in_sounds", "in_all")
    return _Lips(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _by_language(spoken: Sequence[tuple[str, _Lips]]) -> dict[str, list[_Lips]]:
    return {name: [lips for other, lips in spoken if other == name] for name in dict.fromkeys(n for n, _ in spoken)}


def _count(parts: Sequence[_Lips]) -> dict[str, float]:
    if not parts:
        return {"frames": float("nan")}
    lips = _join(parts)
    return {
        "frames": float(lips.in_frames.mean()),
        "sounds": float(lips.in_sounds.mean()),
        "all frames": float(lips.in_all.mean()),
        "number of sounds": float(len(lips.in_sounds)),
    }
