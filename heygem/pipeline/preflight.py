"""Looks at a job's inputs before any work is done, so that what cannot succeed is refused at once."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from heygem.config.settings import LimitSettings
from heygem.domain.errors import (
    DiskFullError,
    FrameTooLargeError,
    MediaTooLongError,
    OutputPathError,
)
from heygem.domain.job import LipSyncRequest
from heygem.domain.media import AudioFacts, VideoFacts
from heygem.media.probe import probe_audio, probe_video
from heygem.pipeline.expectation import COPIES, count_frames, estimate_bytes

_MB: Final = 1_000_000


@dataclass(frozen=True)
class JobPlan:
    """What a job will do: make `frame_count` frames from the first `source_count` of the person's."""

    request: LipSyncRequest
    person: VideoFacts
    voice: AudioFacts
    frame_count: int
    source_count: int
    estimated_bytes: int


def plan_job(request: LipSyncRequest, limits: LimitSettings, made_bytes: int = 0) -> JobPlan:
    """Probes both inputs, checks them against the limits, the output's place and the disk. Raises what is wrong.

    Of what the disk must hold for a moment, `made_bytes` are there already; for an output that is there, it is enough.
    """
    person, voice = probe_video(request.person), probe_audio(request.voice)
    check_person(person, limits)
    check_voice(voice, limits)
    frame_count = count_frames(voice.duration_s, person.frame_rate)
    estimated_bytes = estimate_bytes(person.width, person.height, frame_count, voice.duration_s)
    check_folder(request.output)
    if not request.output.exists():
        check_disk(request.output.parent, COPIES * estimated_bytes - made_bytes + limits.disk_reserve_mb * _MB)
    return JobPlan(request, person, voice, frame_count, min(frame_count, person.frame_count), estimated_bytes)


def check_person(person: VideoFacts, limits: LimitSettings) -> None:
    """Raises FrameTooLargeError."""
    if max(person.width, person.height) > limits.max_side_px or person.width * person.height > limits.max_pixels:
        raise FrameTooLargeError(
            person.path,
            width=person.width,
            height=person.height,
            max_side=limits.max_side_px,
            max_pixels=limits.max_pixels,
        )


def check_voice(voice: AudioFacts, limits: LimitSettings) -> None:
    """Raises MediaTooLongError."""
    if voice.duration_s > limits.max_duration_min * 60:
        raise MediaTooLongError(
            voice.path, duration_min=round(voice.duration_s / 60, 1), max_min=f"{limits.max_duration_min:g}"
        )


def check_folder(output: Path) -> None:
    """Raises OutputPathError unless an MP4 can be made there; makes its folder if need be."""
    if output.suffix.lower() != ".mp4":
        raise OutputPathError(path=output, reason="not .mp4")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputPathError(path=output, reason=error.strerror or type(error).__name__) from error
    if not os.access(output.parent, os.W_OK | os.X_OK):
        raise OutputPathError(path=output, reason="permission denied")


def check_disk(folder: Path, needed_bytes: int) -> None:
    """Raises DiskFullError unless `needed_bytes` are free where `folder` lies."""
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise DiskFullError(path=folder, free_mb=free_bytes // _MB, needed_mb=needed_bytes // _MB)
