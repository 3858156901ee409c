"""Looks at one input before any job runs: what there is in it, and whether it can be used at all."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from typing import Final

from heygem.config.settings import LimitSettings
from heygem.domain.errors import NoFaceError, VoiceSilentError
from heygem.domain.inspection import Inspection, MediaKind, MediaWarning
from heygem.domain.media import VideoFacts
from heygem.domain.progress import CancelToken
from heygem.engines.alignment import Image
from heygem.engines.engine import SAMPLE_RATE
from heygem.media.audio import read_waveform
from heygem.media.content_hash import hash_file
from heygem.media.decode import FrameReader
from heygem.media.probe import probe_audio, probe_video
from heygem.media.thumbnail import encode_jpeg, shrink
from heygem.pipeline.preflight import check_person, check_voice
from heygem.pipeline.track import Detector
from heygem.pipeline.voice_level import VoiceLevel, measure_voice

LOOKS: Final = 12  # at frames of a video
ENOUGH_LOOKS: Final = 6
MOST_DECODED: Final = 240  # frames, for these looks
# Before a video is refused:
MOST_LOOKS: Final = 300
SECOND_LOOK_FPS: Final = 25  # frames decoded for each

WHOLE_SHARE: Final = 0.9
SMALL_FACE_PX: Final = 72
SMALL_FACE_SHARE: Final = 0.1  # of the frame's height
LOW_SIDE_PX: Final = 300
SHORT_S: Final = 1.0
QUIET_DB: Final = -45.0
CLIPPED_SHARE: Final = 0.002
SILENT_SHARE: Final = 0.6


@dataclass
class _FaceTally:
    """Counts the faces of frames, and keeps the frame with the surest of them, small."""

    facts: VideoFacts
    frames: int = 0
    most: int = 0
    heights: list[float] = field(default_factory=list)  # of the largest face of each frame that has one
    best_score: float = 0.0
    best: Image | None = None

    def look(self, frames: Iterable[Image], detector: Detector) -> None:
        for frame in frames:
            found = detector.detect(frame)
            self.frames += 1
            self.most = max(self.most, len(found))
            if not found:
                continue
            self.heights.append(max(detection.box.height for detection in found))
            if (score := max(detection.score for detection in found)) > self.best_score:
                self.best_score, self.best = score, shrink(frame, self.facts.sample_aspect_ratio)

    @property
    def share(self) -> float:
        return len(self.heights) / self.frames if self.frames else 0.0


@dataclass(frozen=True)
class Inspector:
    """Inspects persons and voices by what makes jobs too: the same probes, limits, detector and measure of silence."""

    detector: Detector
    limits: LimitSettings

    def inspect(self, path: Path, kind: MediaKind, cancel: CancelToken) -> Inspection:
        """What is in the file at `path`, taken for a person or a voice.

        Raises the MediaError that fits: those of the probes, FrameTooLargeError, MediaTooLongError, NoFaceError,
        VoiceSilentError; and CancelledError. Memory does not grow with a video's length, by 0.4 MB a minute with a
        voice's.
        """
        return self._inspect_person(path, cancel) if kind is MediaKind.PERSON else self._inspect_voice(path, cancel)

    def _inspect_person(self, path: Path, cancel: CancelToken) -> Inspection:
        facts = probe_video(path)
        check_person(facts, self.limits)
        tally = self._count_faces(facts, cancel)
        assert tally.best is not None
        return Inspection(
            kind=MediaKind.PERSON,
            sha256=hash_file(path, cancel),
            duration_s=facts.duration_s,
            width=facts.width,
            height=facts.height,
            frame_rate=float(facts.frame_rate),
            frame_count=facts.frame_count,
            is_photo=facts.is_photo,
            face_share=tally.share,
            faces=tally.most,
            thumbnail=encode_jpeg(tally.best),
            warnings=_list_person_warnings(facts, tally),
        )

    def _count_faces(self, facts: VideoFacts, cancel: CancelToken) -> _FaceTally:
        """Looks at a dozen frames, and only if none has a face at one for each second, 300 at most.

        So of videos up to five minutes none is refused in which a face is seen for a second at a stretch; of longer
        ones none with a face in more than a 300th of it at a stretch, unless key frames are too rare to look at each.
        """
        tally = _FaceTally(facts)
        reader = FrameReader(facts, is_exact=False)
        tally.look(cancel.guard(reader.sample(LOOKS, ENOUGH_LOOKS, MOST_DECODED)), self.detector)
        if not tally.most and not facts.is_photo:
            looks = min(MOST_LOOKS, ceil(facts.duration_s) + 1)
            tally.look(cancel.guard(reader.sample(looks, looks, looks * SECOND_LOOK_FPS)), self.detector)
        if not tally.most:
            raise NoFaceError(facts.path)
        return tally

    def _inspect_voice(self, path: Path, cancel: CancelToken) -> Inspection:
        facts = probe_audio(path)
        check_voice(facts, self.limits)
        voice = measure_voice(cancel.guard(read_waveform(facts, SAMPLE_RATE)))
        if voice.is_silent:
            raise VoiceSilentError(path, level_db=round(voice.level_db, 1))
        return Inspection(
            kind=MediaKind.VOICE,
            sha256=hash_file(path, cancel),
            duration_s=facts.duration_s,
            level_db=voice.level_db,
            silent_share=voice.silent_share,
            warnings=_list_voice_warnings(voice),
        )


def _list_person_warnings(facts: VideoFacts, tally: _FaceTally) -> tuple[MediaWarning, ...]:
    height = median(tally.heights)
    told = {
        MediaWarning.SEVERAL_FACES: tally.most > 1,
        MediaWarning.FACE_IN_PART: tally.share < WHOLE_SHARE,
        MediaWarning.SMALL_FACE: height < SMALL_FACE_PX or height < SMALL_FACE_SHARE * facts.height,
        MediaWarning.LOW_RESOLUTION: min(facts.width, facts.height) < LOW_SIDE_PX,
        MediaWarning.VARIABLE_RATE: facts.is_variable_rate,
        MediaWarning.SHORT_VIDEO: not facts.is_photo and facts.duration_s < SHORT_S,
    }
    return tuple(warning for warning, applies in told.items() if applies)


def _list_voice_warnings(voice: VoiceLevel) -> tuple[MediaWarning, ...]:
    told = {
        MediaWarning.QUIET_VOICE: voice.level_db < QUIET_DB,
        MediaWarning.CLIPPED_VOICE: voice.clipped_share > CLIPPED_SHARE,
        MediaWarning.MOSTLY_SILENT: voice.silent_share > SILENT_SHARE,
    }
    return tuple(warning for warning, applies in told.items() if applies)
