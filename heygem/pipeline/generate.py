"""The main job as a plain list of steps: preflight, listen, track, render, look at the result, publish."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from math import ceil
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from heygem.config.settings import LimitSettings
from heygem.domain.errors import NoFaceError, OutputPathError
from heygem.domain.job import SEGMENT_FRAMES, LipSyncRequest, LipSyncResult
from heygem.domain.progress import CancelToken, EtaClock, ProgressSink, Stage
from heygem.engines.engine import SAMPLE_RATE, LipSyncEngine, VoiceFeatures
from heygem.media.audio import read_waveform
from heygem.media.content_hash import hash_file
from heygem.media.decode import FrameReader, ping_pong
from heygem.media.ffmpeg_binary import read_version
from heygem.media.ffmpeg_command import EncodeSettings
from heygem.pipeline.compose import FRAMES_AHEAD
from heygem.pipeline.face_track import FaceTrack, bridge_gaps, fade_weights, list_unchanged
from heygem.pipeline.job_folder import JobFolder, job_folder, measure_folder
from heygem.pipeline.prefetch import prefetch
from heygem.pipeline.preflight import JobPlan, plan_job
from heygem.pipeline.quality import Expected, check_quality
from heygem.pipeline.recipe import Recipe, build_recipe
from heygem.pipeline.render import FilmMaker, count_frames
from heygem.pipeline.sidecar import RunRecord, publish_output, read_sidecar, sidecar_path
from heygem.pipeline.smoothing import smooth_track
from heygem.pipeline.stopwatch import Stopwatch
from heygem.pipeline.track import TRACKER_VERSION, Detector, Landmarker, track_face
from heygem.pipeline.track_cache import TrackCache

VOICES_REMEMBERED: Final = 4
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
    segment_frames: int = SEGMENT_FRAMES
    _voices: OrderedDict[str, VoiceFeatures] = field(default_factory=OrderedDict)

    def generate(
        self, request: LipSyncRequest, sink: ProgressSink, cancel: CancelToken, work_dir: Path | None = None
    ) -> LipSyncResult:
        """Makes `request.output` and its record, or raises an error of the tree. Heeds `cancel` at every frame.

        What is finished stays in `work_dir`, and a later call for the same output goes on from there; an output that
        the same recipe has made already is the result. Without a `work_dir`, nothing is left of what is not finished.
        """
        watch = Stopwatch()
        with watch.measure(Stage.PREPARE):
            plan = plan_job(request, self.limits, measure_folder(work_dir) if work_dir else 0)
            if work_dir is None and request.output.exists():
                raise OutputPathError(path=request.output, reason="exists")
            clock = EtaClock(_units(plan), _COSTS, sink)
            recipe = self._write_recipe(plan, clock, cancel)
            if (finished := _find_finished(request.output, recipe)) is not None:
                return finished
        with job_folder(request.output, work_dir) as path:
            folder = JobFolder(path, plan.frame_count, self.segment_frames)
            missing = folder.resume(recipe.fingerprint)
            with watch.measure(Stage.LISTEN):
                voice = self._listen(plan, recipe.voice.sha256, clock, cancel)
            with watch.measure(Stage.TRACK):
                raw, is_cached = self._track(plan, recipe.person.sha256, clock, cancel)
                track = smooth_track(bridge_gaps(raw))
                weights = fade_weights(track)
                if not weights.any():
                    raise NoFaceError(request.person)
            if not folder.film.exists():
                with watch.measure(Stage.RENDER):
                    maker = FilmMaker(self.engine, self.encoding, self.ffmpeg, plan, folder, cancel, watch)
                    maker.make(voice, track, weights, missing, partial(clock.report, Stage.RENDER))
            walk = np.array([ping_pong(step, plan.person.frame_count) for step in range(plan.frame_count)])
            with watch.measure("check"):
                expected = Expected(plan.person.frame_rate, walk, track.points, weights, self.segment_frames)
                quality = check_quality(folder.film, expected, self.landmarker, cancel)
            record = RunRecord(
                created_at=datetime.now(UTC),
                fingerprint=recipe.fingerprint,
                recipe=recipe,
                device=self.engine.device_name,
                duration_s=float(plan.frame_count / plan.person.frame_rate),
                unchanged=list_unchanged(weights[walk], plan.person.frame_rate),
                is_track_cached=is_cached,
                stage_seconds=watch.seconds,
                quality=quality,
            )
            cancel.check()
            publish_output(folder.film, record, request.output)
        clock.report(Stage.RENDER, plan.frame_count)
        return record.to_result(request.output)

    def _write_recipe(self, plan: JobPlan, clock: EtaClock, cancel: CancelToken) -> Recipe:
        clock.report(Stage.PREPARE, 0)
        person_hash = hash_file(plan.request.person, cancel)
        clock.report(Stage.PREPARE, 1)
        voice_hash = hash_file(plan.request.voice, cancel)
        clock.report(Stage.PREPARE, 2)
        weights = {self.engine.name: self.engine.weights_id, "tracker": f"{self.tracks.weights_id}-{TRACKER_VERSION}"}
        return build_recipe(
            plan, person_hash, voice_hash, weights, self.encoding, self._ffmpeg_version, self.segment_frames
        )

    @cached_property
    def _ffmpeg_version(self) -> str:
        return read_version(self.ffmpeg)

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
            counted = count_frames(cancel.guard(frames), partial(clock.report, Stage.TRACK))
            track = track_face(counted, self.detector, self.landmarker, choice)
        clock.report(Stage.TRACK, count)
        self.tracks.store(person_hash, choice, track)
        return track, False


def _find_finished(output: Path, recipe: Recipe) -> LipSyncResult | None:
    """The result that is there already. Raises OutputPathError where something else has the name, or the record's."""
    record = read_sidecar(output)
    if output.exists():
        if record is None or record.fingerprint != recipe.fingerprint:
            raise OutputPathError(path=output, reason="exists")
        return record.to_result(output)
    if record is None and sidecar_path(output).exists():
        raise OutputPathError(path=sidecar_path(output), reason="exists")
    return None


def _units(plan: JobPlan) -> dict[Stage, int]:
    return {
        Stage.PREPARE: 2,
        Stage.LISTEN: ceil(plan.voice.duration_s),
        Stage.TRACK: plan.source_count,
        Stage.RENDER: plan.frame_count,
    }


def _count_seconds(pieces: Iterable[NDArray[np.float32]], clock: EtaClock) -> Iterator[NDArray[np.float32]]:
    samples = 0
    clock.report(Stage.LISTEN, 0)
    for piece in pieces:
        yield piece
        samples += len(piece)
        clock.report(Stage.LISTEN, ceil(samples / SAMPLE_RATE))
