"""Makes the film of one job: paints what is missing of its segments, encodes its sound beside them, joins all."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from heygem.domain.errors import DiskFullError
from heygem.domain.progress import CancelToken
from heygem.engines.alignment import Image
from heygem.engines.engine import FaceCrop, LipSyncEngine, VoiceFeatures
from heygem.media.decode import FrameReader, ping_pong
from heygem.media.encode import check_frames
from heygem.media.ffmpeg_command import EncodePlan, EncodeSettings
from heygem.media.join import JoinPlan, join_film
from heygem.media.publish import MEBIBYTE, partial_path, replace, translate_output_error
from heygem.media.sound import SoundEncoder
from heygem.pipeline.compose import Composer, cut_face
from heygem.pipeline.expectation import COPIES
from heygem.pipeline.face_track import FaceTrack, FloatArray
from heygem.pipeline.job_folder import JobFolder, Segment, measure_folder
from heygem.pipeline.preflight import JobPlan
from heygem.pipeline.references import choose_references
from heygem.pipeline.segments import SegmentEncoder
from heygem.pipeline.stopwatch import Stopwatch

# What the output's metadata says of its origin, as GB 45438-2025 and the EU AI Act (article 50) ask for.
AI_MARK: Final = {
    "comment": "AI-generated: lips synthesised by HeyGem",
    "description": "人工智能生成合成内容 AI-generated content",
}


@dataclass(frozen=True)
class FilmMaker:
    """`folder` holds the segments that are finished, and in the end the film alone."""

    engine: LipSyncEngine
    encoding: EncodeSettings
    ffmpeg: Path
    plan: JobPlan
    folder: JobFolder
    cancel: CancelToken
    stopwatch: Stopwatch

    def make(
        self,
        voice: VoiceFeatures,
        track: FaceTrack,
        weights: FloatArray,
        missing: Sequence[Segment],
        report: Callable[[int], None],
    ) -> None:
        """Makes the `missing` segments as if all were made in one go, then the film. Heeds the token at every frame.

        `report` is told how many of the output's frames are done, but not that the last one is. Raises DiskFullError,
        EncodeError, CancelledError; what is finished stays.
        """
        try:
            self._render(voice, track, weights, missing, report)
            with self.stopwatch.measure("render.join"):
                self._join()
        except DiskFullError as error:
            raise self._explain_full_disk() from error

    def _render(
        self,
        voice: VoiceFeatures,
        track: FaceTrack,
        weights: FloatArray,
        missing: Sequence[Segment],
        report: Callable[[int], None],
    ) -> None:
        plan, reader = self.plan, FrameReader(self.plan.person)
        performance = self.engine.perform(voice, track.points, self._take_references(reader, track, weights))
        composer = Composer(self.engine, performance, track, weights, plan.person.frame_rate, self.stopwatch)
        start = missing[0].start if missing else 0
        first = composer.lead_in(start)
        composer.skip(self.cancel.guard(ping_pong(step, plan.person.frame_count) for step in range(first)))
        decoded = self.stopwatch.measure_each("render.decode", reader.read_ping_pong(plan.frame_count, first))
        duration_s = plan.frame_count / plan.person.frame_rate
        with (
            SoundEncoder(self.ffmpeg, plan.voice, duration_s, self.folder.sound, self.cancel) as sound,
            closing(composer.compose(decoded, first)) as composed,
        ):
            frames = sound.watch(islice(composed, start - first, None))
            counted = count_frames(self.cancel.guard(frames), report, start)
            SegmentEncoder(self.ffmpeg, self._plan_encoding(), self.cancel, self.stopwatch).encode(counted, missing)
            sound.finish()

    def _join(self) -> None:
        """Makes the film of its segments and its sound, and removes these once it has been checked."""
        film = self.folder.film
        half_made = partial_path(film)
        parts = [segment.path for segment in self.folder.segments]
        try:
            plan = JoinPlan(parts, self.folder.sound, self.plan.person.frame_rate, AI_MARK)
            join_film(plan, half_made, self.cancel)
            check_frames(half_made, self.plan.frame_count)
            replace(half_made, film)
            self.folder.drop_parts()
        except OSError as error:
            raise translate_output_error(film, error) from error
        finally:
            half_made.unlink(missing_ok=True)

    def _take_references(self, reader: FrameReader, track: FaceTrack, weights: FloatArray) -> list[FaceCrop]:
        chosen = choose_references(track.only(weights > 0), self.engine.reference_count)
        return [
            cut_face(next(reader.read(number, number + 1)), track.points[number], self.engine)[0] for number in chosen
        ]

    def _plan_encoding(self) -> EncodePlan:
        return EncodePlan(
            output=self.plan.request.output,
            width=self.plan.person.width,
            height=self.plan.person.height,
            frame_rate=self.plan.person.frame_rate,
            frame_count=self.plan.frame_count,
            sample_aspect_ratio=self.plan.person.sample_aspect_ratio,
            settings=self.encoding,
        )

    def _explain_full_disk(self) -> DiskFullError:
        """With what the whole film needs, going by the segments that are finished, and what there is for it."""
        made = measure_folder(self.folder.folder)
        done = sum(segment.frame_count for segment in self.folder.segments if segment.path.exists())
        whole = made / done * self.plan.frame_count if done else self.plan.estimated_bytes
        free_mb = (shutil.disk_usage(self.folder.folder).free + made) // MEBIBYTE
        needed_mb = max(round(COPIES * whole / MEBIBYTE), free_mb + 1)
        return DiskFullError(path=self.plan.request.output, free_mb=free_mb, needed_mb=needed_mb)


def count_frames(frames: Iterable[Image], report: Callable[[int], None], start: int = 0) -> Iterator[Image]:
    """`frames`, from number `start` on; `report` is told before each how many have been dealt with."""
    for done, frame in enumerate(frames, start):
        report(done)
        yield frame
