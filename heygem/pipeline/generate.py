"""The main job as a plain list of steps: preflight, listen, track, render."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.config.settings import LimitSettings
from heygem.domain.errors import NoFaceError
from heygem.domain.job import LipSyncRequest, LipSyncResult
from heygem.domain.progress import CancelToken, EtaClock, ProgressSink, Stage
from heygem.engines.alignment import Image
from heygem.engines.engine import SAMPLE_RATE, FaceCrop, LipSyncEngine, VoiceFeatures
from heygem.media.audio import read_waveform
from heygem.media.content_hash import hash_file
from heygem.media.decode import FrameReader
from heygem.media.encode import VideoEncoder
from heygem.media.ffmpeg_command import EncodePlan, EncodeSettings
from heygem.pipeline.compose import FRAMES_AHEAD, Composer, cut_face
from heygem.pipeline.face_track import FaceTrack, FloatArray, bridge_gaps, fade_weights, list_unchanged
from heygem.pipeline.prefetch import prefetch
from heygem.pipeline.preflight import JobPlan, plan_job
from heygem.pipeline.references import choose_references
from heygem.pipeline.smoothing import smooth_track
from heygem.pipeline.stopwatch import Stopwatch
from heygem.pipeline.track import Detector, Landmarker, track_face
from heygem.pipeline.track_cache import TrackCache

VOICES_REMEMBERED: Final = 4
# What the output's metadata says of its origin, as GB 45438-2025 and the EU AI Act (article 50) ask for.
AI_MARK: Final = {
    "comment": "AI-generated: lips synthesised by HeyGem",
    "description": "人工智能生成合成内容 AI-generated content",
}
# Rough seconds for each unit of a stage, to begin the ETA with; measured paces take over.
_COSTS: Final = {Stage.PREPARE: 1.0, Stage.LISTEN: 0.01, Stage.TRACK: 0.008, Stage.RENDER: 0.03}


@dataclass
class Generator:
    """Makes lip-synced videos with one engine; holds what jobs share: weights, cached tracks, the last voices.

    Does one job at a time.
    """

    engine: LipSyncEngine
    detector: Detector
    landmarker: Landmarker
    tracks: TrackCache
    limits: LimitSettings
    encoding: EncodeSettings
    ffmpeg: Path
    _voices: OrderedDict[str, VoiceFeatures] = field(default_factory=OrderedDict)

    def generate(self, request: LipSyncRequest, sink: ProgressSink, cancel: CancelToken) -> LipSyncResult:
        """Makes `request.output`, or raises an error of the tree and leaves nothing. Heeds `cancel` at every frame."""
        watch = Stopwatch()
        with watch.measure(Stage.PREPARE):
            plan = plan_job(request, self.limits)
            clock = EtaClock(_units(plan), _COSTS, sink)
            clock.report(Stage.PREPARE, 0)
            person_hash = hash_file(request.person, cancel)
            clock.report(Stage.PREPARE, 1)
            voice_hash = hash_file(request.voice, cancel)
            clock.report(Stage.PREPARE, 2)
        with watch.measure(Stage.LISTEN):
            voice = self._listen(plan, voice_hash, clock, cancel)
        with watch.measure(Stage.TRACK):
            raw, is_cached = self._track(plan, person_hash, clock, cancel)
            track = smooth_track(bridge_gaps(raw))
            weights = fade_weights(track)
            if not weights.any():
                raise NoFaceError(request.person)
        with watch.measure(Stage.RENDER):
            shown = self._render(plan, voice, track, weights, clock, cancel, watch)
        return LipSyncResult(
            path=request.output,
            frame_count=plan.frame_count,
            duration_s=float(plan.frame_count / plan.person.frame_rate),
            unchanged=list_unchanged(shown, plan.person.frame_rate),
            is_track_cached=is_cached,
            stage_seconds=watch.seconds,
        )

    def _listen(self, plan: JobPlan, voice_hash: str, clock: EtaClock, cancel: CancelToken) -> VoiceFeatures:
        if voice_hash not in self._voices:
            pieces = read_waveform(plan.voice, sample_rate=SAMPLE_RATE)
            self._voices[voice_hash] = self.engine.listen(_count_seconds(cancel.guard(pieces), clock))
        self._voices.move_to_end(voice_hash)
        while len(self._voices) > VOICES_REMEMBERED:
            self._voices.popitem(last=False)
        return self._voices[voice_hash]

    def _track(self, plan: JobPlan, person_hash: str, clock: EtaClock, cancel: CancelToken) -> tuple[FaceTrack, bool]:
        """The face's track, and whether it came from the cache."""
        count, choice = plan.source_count, plan.request.face
        if (known := self.tracks.find(person_hash, choice, count)) is not None:
            clock.report(Stage.TRACK, count)
            return known, True
        with closing(prefetch(FrameReader(plan.person, is_exact=False).read(0, count), FRAMES_AHEAD)) as frames:
            counted = _count_frames(cancel.guard(frames), clock, Stage.TRACK)
            track = track_face(counted, self.detector, self.landmarker, choice)
        self.tracks.store(person_hash, choice, track)
        return track, False

    def _render(
        self,
        plan: JobPlan,
        voice: VoiceFeatures,
        track: FaceTrack,
        weights: FloatArray,
        clock: EtaClock,
        cancel: CancelToken,
        watch: Stopwatch,
    ) -> FloatArray:
        """Writes the output; returns the weight of each of its frames."""
        reader = FrameReader(plan.person)
        performance = self.engine.perform(voice, track.points, self._take_references(reader, track, weights))
        composer = Composer(self.engine, performance, track, weights, plan.person.frame_rate, watch)
        shown: list[float] = []

        def decode() -> Iterator[tuple[int, Image]]:
            for source, frame in watch.measure_each("render.decode", reader.read_ping_pong(plan.frame_count)):
                shown.append(float(weights[source]))
                yield source, frame

        with (
            VideoEncoder(self.ffmpeg, _plan_encoding(plan, self.encoding), cancel) as encoder,
            closing(composer.compose(decode())) as composed,
        ):
            for frame in _count_frames(cancel.guard(composed), clock, Stage.RENDER):
                with watch.measure("render.encode"):
                    encoder.write(frame)
            cancel.check()
            encoder.finish()
        return np.array(shown, np.float32)

    def _take_references(self, reader: FrameReader, track: FaceTrack, weights: FloatArray) -> list[FaceCrop]:
        chosen = choose_references(track.only(weights > 0), self.engine.reference_count)
        return [
            cut_face(next(reader.read(number, number + 1)), track.points[number], self.engine)[0] for number in chosen
        ]


def _plan_encoding(plan: JobPlan, settings: EncodeSettings) -> EncodePlan:
    return EncodePlan(
        output=plan.request.output,
        width=plan.person.width,
        height=plan.person.height,
        frame_rate=plan.person.frame_rate,
        frame_count=plan.frame_count,
        voice=plan.voice,
        sample_aspect_ratio=plan.person.sample_aspect_ratio,
        settings=settings,
        metadata=AI_MARK,
    )


def _units(plan: JobPlan) -> dict[Stage, int]:
    return {
        Stage.PREPARE: 2,
        Stage.LISTEN: ceil(plan.voice.duration_s),
        Stage.TRACK: plan.source_count,
        Stage.RENDER: plan.frame_count,
    }


def _count_frames(frames: Iterable[Image], clock: EtaClock, stage: Stage) -> Iterator[Image]:
    """`frames`, each reported once it has been dealt with."""
    clock.report(stage, 0)
    for done, frame in enumerate(frames, start=1):
        yield frame
        clock.report(stage, done)


def _count_seconds(pieces: Iterable[NDArray[np.float32]], clock: EtaClock) -> Iterator[NDArray[np.float32]]:
    samples = 0
    clock.report(Stage.LISTEN, 0)
    for piece in pieces:
        yield piece
        samples += len(piece)
        clock.report(Stage.LISTEN, ceil(samples / SAMPLE_RATE))
