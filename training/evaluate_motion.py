"""Measures lip motion: what the engine makes of a clip's own voice, beside what the clip's own mouth does."""

from collections import defaultdict
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.engines.embedded import EmbeddedEngine
from heygem.engines.engine import VoiceFeatures
from heygem.engines.speech_motion import know_speaker, opening, speak, width
from training.dataset import CLIPS
from training.motion_basis import list_faces
from training.motion_data import index
from training.voices import read_voice

Array = NDArray[np.float32]

SHORTEST: Final = 20  # frames
LAGS_S: Final = np.arange(-0.24, 0.241, 0.04)
_LAG: Final = "at "
REFERENCES: Final = {"voice 1 s late": 1.0}


def measure_motion(engine: EmbeddedEngine, split: str, quick: bool) -> dict[str, dict[str, float]]:
    """Correlations of opening and width with the truth: the engine's, and those of mouths that hear something else.

    Means over speakers, since some have a hundred clips and others one; for the engine also over clips.
    """
    rows: dict[str, dict[str, list[dict[str, float]]]] = defaultdict(lambda: defaultdict(list))
    last = None
    clips = [clip for clip in list_faces(split) if index()[clip[0]]["synced"] in ("yes", "likely")]
    for source, fps, points in clips[:: 3 if quick else 1]:
        voice = engine.listen([read_voice(CLIPS / source)])
        found = np.flatnonzero(np.isfinite(points[:, 0, 0]))
        times = found / fps
        if len(found) < SHORTEST or not len(voice.values):
            continue
        mouth = _Mouth(engine, points[found])
        speaker = index()[source]["speaker"]
        rows["engine"][speaker].append(mouth.compare(voice, times, search=True))
        for name, late_s in REFERENCES.items():
            rows[name][speaker].append(mouth.compare(voice, (times + late_s) % voice.duration_s))
        if last is not None:
            rows["another clip's voice"][speaker].append(mouth.compare(last, times % last.duration_s, search=True))
        silence = VoiceFeatures(np.zeros_like(voice.values), voice.rate_hz)
        rows["still mouth"][speaker].append(mouth.compare(silence, times))
        last = voice
    every = [clip for clips in rows["engine"].values() for clip in clips]
    means = {name: _mean(speakers) for name, speakers in rows.items()}
    return means | {"engine, over clips": _mean({"all": every})}


class _Mouth:
    """A clip's true mouth, (T, 131, 2) in face units, and the engine's for any voice."""

    def __init__(self, engine: EmbeddedEngine, points: Array) -> None:
        self._basis = engine.basis
        self._points = points
        self._speaker = know_speaker(engine.basis, points)
        self._true = np.stack([opening(points), width(points)])

    def compare(self, voice: VoiceFeatures, times: NDArray[np.float64], search: bool = False) -> dict[str, float]:
        gap, wide = self._heard(voice, times)
        scores = {"opening r": _correlation(gap, self._true[0]), "width r": _correlation(wide, self._true[1])}
        scores["swing"] = float(gap.std() / max(self._true[0].std(), 1e-6))
        gate = np.interp(times, np.arange(len(voice.values)) / voice.rate_hz, voice.values[:, -1])
        silent = gate[1:] < 0.01
        if silent.sum() > 3:
            scores["silent move"] = float(100 * np.abs(np.diff(gap))[silent].mean())
            scores["true silent move"] = float(100 * np.abs(np.diff(self._true[0]))[silent].mean())
        if search:
            for lag in LAGS_S:
                scores[f"{_LAG}{lag:.2f}"] = _correlation(self._heard(voice, times + lag)[0], self._true[0])
        return scores

    def _heard(self, voice: VoiceFeatures, times: NDArray[np.float64]) -> Array:
        """(2, T): opening and width."""
        rate = np.arange(len(voice.values)) / voice.rate_hz
        motion = np.stack([np.interp(times, rate, column) for column in voice.values[:, :-1].T], axis=1)
        pairs = zip(self._points, motion.astype(np.float32), strict=True)
        spoken = np.stack([speak(self._basis, self._speaker, points, row) for points, row in pairs])
        return np.stack([opening(spoken), width(spoken)])


def _correlation(a: Array, b: Array) -> float:
    if a.std() < 1e-6 or b.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _mean(speakers: dict[str, list[dict[str, float]]]) -> dict[str, float]:
    """The mean over speakers of the mean over clips; of the lags that were tried, each speaker's best one."""
    rows = [_mean_speaker(clips) for clips in speakers.values()]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}


def _mean_speaker(clips: list[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for clip in clips for name in clip)
    means = {name: float(np.mean([clip[name] for clip in clips if name in clip])) for name in names}
    lags = {name: means.pop(name) for name in list(means) if name.startswith(_LAG)}
    if lags:
        best = max(lags, key=lambda name: lags[name])
        means |= {"best lag ms": 1000 * float(best.removeprefix(_LAG)), "r there": lags[best]}
    return means
