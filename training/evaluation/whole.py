"""Finished videos of held-out people, looked at with the teacher and with the active-speaker judge, never our tracker.

A clip's own frames show its true mouth, and the engine bends those frames: how much of the true motion comes through
without hearing is what the still mouth tells, the same clip with a silent voice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.engines.engine import SAMPLE_RATE
from training.dataset import decode
from training.evaluation.active_speaker import cut_speaker, look_at_speaker, score_speaker
from training.evaluation.clips import Clip, get_truth, is_well_seen, list_held_out, pick_few
from training.evaluation.finished_video import make_video
from training.evaluation.mouth_curve import Mouth, correlate, find_lag, read_mouth
from training.evaluation.report import Findings, Row, Table, mean_by, mean_row
from training.evaluation.workers import Workers
from training.label_clips import find_landmarks
from training.voices import read_voice

SHORTEST_S: Final = 2.0  # of a clip in which a lag can be told
_MOST_PER_SPEAKER: Final = 6
_LONGEST_S: Final = 8.0
_STRANGER_S: Final = 5.0
_QUICK_S: Final = 3.0
_LARGE: Final = 700  # pixels of height from which a clip takes too long for the quick form
_LATE_S: Final = 1.0
_NEAR: Final = 1  # frame, of a lag that cannot be told from none
_NOTE: Final = (
    "The mouth is the teacher's in the finished video and in the real clip. near: the share of clips in which their\n"
    "correlation peaks at a lag of at most one frame; 'in step': with the clip's own offset, judged by the index\n"
    "without our networks, taken out; real near: of the real clips whose offset the index knows, by that. judge: the\n"
    "active-speaker judge's mean score. random: the real mouth of the next clip. stranger: against the voice's\n"
    "own video."
)

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class _Order:
    """A video to make: `clip`'s person says the first `seconds` of `voice`, or is silent for as long."""

    clip: Clip
    voice: Clip
    seconds: float
    is_silent: bool = False

    @property
    def is_own(self) -> bool:
        return self.clip == self.voice and not self.is_silent


@dataclass(frozen=True)
class _Seen:
    """A finished video: its mouth, that of the voice's own clip, and what the judge sees in either, (T, 128)."""

    order: _Order
    samples: Samples
    ours: Mouth
    true: Mouth
    judged: NDArray[np.float32]
    judged_true: NDArray[np.float32] | None

    @property
    def offset(self) -> int:
        """By how many frames the voice's own clip has its mouth too late, as far as the index knows."""
        return round((self.order.voice.offset_s or 0.0) * self.ours.fps)


def measure_whole(workers: Workers, models: Path, split: str, quick: bool) -> Findings:
    """Figures are means over speakers; the share of clips in step is of all clips that are long enough to tell."""
    held_out = list_held_out(split, SHORTEST_S)
    if quick:
        small = [clip for clip in held_out if clip.height < _LARGE]
        clips = [next(clip for clip in small if clip.group == group) for group in dict.fromkeys(c.group for c in small)]
    else:
        clips = pick_few(held_out, _MOST_PER_SPEAKER)
    longest = _QUICK_S if quick else _LONGEST_S
    people = clips[:1] if quick else pick_few(clips, 1)
    others = [next((c for c in clips[i:] + clips[:i] if c.speaker != a.speaker), a) for i, a in enumerate(people)]
    orders = [_Order(clip, clip, longest) for clip in clips]
    orders += [_Order(clip, clip, min(longest, _STRANGER_S), is_silent=True) for clip in people]
    orders += [_Order(clip, other, min(longest, _STRANGER_S)) for clip, other in zip(people, others, strict=True)]
    orders.sort(key=lambda order: -min(order.seconds, order.voice.duration_s))  # the longest first
    return _summarize(workers.map(partial(_make, models), orders))


def _make(models: Path, order: _Order) -> _Seen | None:
    truth, voice_truth = get_truth(order.clip), get_truth(order.voice)
    samples = read_voice(order.voice.path)[: round(order.seconds * SAMPLE_RATE)]
    if not (is_well_seen(truth) and is_well_seen(voice_truth) and len(samples)):
        return None
    spoken = np.zeros_like(samples) if order.is_silent else samples
    with make_video(models, order.clip.path, spoken) as video:
        points = find_landmarks(video)[0][..., :2]
        judged = look_at_speaker(cut_speaker(decode(video), points, truth.fps))
    count = round(len(samples) / SAMPLE_RATE * voice_truth.fps)
    true = read_mouth(voice_truth.points[:count], voice_truth.fps)
    judged_true = None
    if order.is_own:
        frames = islice(decode(order.voice.path), count)
        judged_true = look_at_speaker(cut_speaker(frames, voice_truth.points[:count], voice_truth.fps))
    ours = read_mouth(points, truth.fps)
    return _Seen(order, samples, ours, true if true.fps == ours.fps else true.at_rate(ours.fps), judged, judged_true)


def _summarize(seen: Sequence[_Seen]) -> Findings:
    own = [item for item in seen if item.order.is_own]
    rows = [(item.order.clip, _compare(item, own[(i + 1) % len(own)])) for i, item in enumerate(own)]
    for item in seen:
        if not item.order.is_own:
            rows.append((item.order.clip, _compare_other(item)))
    speakers = mean_by((f"{clip.group} {clip.speaker}", row) for clip, row in rows)
    means = mean_row(speakers.values())
    over_clips = mean_row(row for _, row in rows)
    figures = means | {name: over_clips[name] for name in ("near", "near in step", "real near")}
    figures["judge share"] = means["judge"] / means["judge of real"]
    table = {"mean over speakers": means, "mean over clips": over_clips, **speakers}
    return Findings(figures, (Table(f"Finished videos, {len(own)} clips of {SHORTEST_S:.0f} s or more", table, _NOTE),))


def _compare(item: _Seen, other: _Seen) -> Row:
    """A clip driven by its own voice; `other` is a clip of which only what is real is taken."""
    ours, true = item.ours.opening, item.true.opening
    lag = find_lag(ours, true)
    in_step = lag + item.offset
    late = round(_LATE_S * item.ours.fps)
    shifted = np.roll(item.samples, round(_LATE_S * SAMPLE_RATE))
    known = item.order.clip.offset_s is not None
    return {
        "r": correlate(ours, true),
        "r width": correlate(item.ours.width, item.true.width),
        "r in step": correlate(ours, true, -item.offset),
        "lag": float(lag),
        "near": float(abs(lag) <= _NEAR),
        "near in step": float(abs(in_step) <= _NEAR),
        "real near": float(abs(item.offset) <= _NEAR) if known else float("nan"),
        "judge": score_speaker(item.judged, item.samples),
        "judge of real": score_speaker(_known(item.judged_true), item.samples),
        "judge 1 s late": score_speaker(item.judged, shifted),
        "judge random": score_speaker(_known(other.judged_true), item.samples),
        "1 s late r": correlate(np.roll(ours, late), true),
        "random mouth r": correlate(other.true.opening, true),
    }


def _compare_other(item: _Seen) -> Row:
    """A clip driven by silence, beside its true mouth, or by a stranger's voice, beside the stranger's."""
    r = correlate(item.ours.opening, item.true.opening)
    if item.order.is_silent:
        width = correlate(item.ours.width, item.true.width)
        return {"still r": r, "still r width": width, "judge still": score_speaker(item.judged, item.samples)}
    in_step = correlate(item.ours.opening, item.true.opening, -item.offset)
    return {"stranger r": r, "stranger r in step": in_step, "judge stranger": score_speaker(item.judged, item.samples)}


def _known(judged: NDArray[np.float32] | None) -> NDArray[np.float32]:
    if judged is None:
        raise ValueError("the real clip was not judged")
    return judged
