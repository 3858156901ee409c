"""A lip-sync job: what is asked for, the states it goes through, what comes out."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from heygem.domain.errors import FaceChoiceError, HeyGemError
from heygem.domain.inspection import Preflight, QualityReport
from heygem.domain.media import TimeRange
from heygem.domain.progress import Progress

SEGMENT_FRAMES: Final = 250  # an output is made in stretches of so many, each kept once it is finished


class FaceRule(StrEnum):
    """By what a face is chosen among several."""

    LARGEST = "largest"
    LEFT = "left"
    RIGHT = "right"
    NUMBER = "number"


@dataclass(frozen=True)
class FaceChoice:
    """Which face speaks. `number` counts from 1, from left to right, and is meant by FaceRule.NUMBER alone."""

    rule: FaceRule = FaceRule.LARGEST
    number: int = 1

    @classmethod
    def parse(cls, text: str) -> "FaceChoice":
        """From `largest`, `left`, `right` or a number from 1. Raises FaceChoiceError."""
        word = text.strip().lower()
        if re.fullmatch(r"[1-9]\d?", word):
            return cls(FaceRule.NUMBER, int(word))
        if word in (FaceRule.LARGEST, FaceRule.LEFT, FaceRule.RIGHT):
            return cls(FaceRule(word))
        raise FaceChoiceError(choice=text, faces="?")

    def __str__(self) -> str:
        return str(self.number) if self.rule is FaceRule.NUMBER else str(self.rule)


class EngineName(StrEnum):
    """What paints the mouths. EMBEDDED comes with the product; others need weights that are downloaded."""

    EMBEDDED = "embedded"
    WAV2LIP = "wav2lip"


@dataclass(frozen=True)
class LipSyncRequest:
    """`person` is a video or a photo, `voice` a sound file or a video with sound; `output` must not exist yet."""

    person: Path
    voice: Path
    output: Path
    face: FaceChoice = FaceChoice()
    engine: EngineName = EngineName.EMBEDDED


@dataclass(frozen=True)
class LipSyncResult:
    """`unchanged` are the stretches of the output that passed through as they were: no face, or turned too far away.

    `stage_seconds` has a row for each stage, and `render.…` for the steps of rendering, which run side by side.
    `input_hashes` are the SHA-256 of `person` and `voice`.
    """

    path: Path
    frame_count: int
    duration_s: float
    unchanged: tuple[TimeRange, ...] = ()
    is_track_cached: bool = False
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    quality: QualityReport | None = None
    input_hashes: Mapping[str, str] = field(default_factory=dict)


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to the job of itself; one that failed or was cancelled may be retried."""
        return self in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


_NEXT: Final[Mapping[JobState, frozenset[JobState]]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.PAUSED, JobState.FAILED, JobState.CANCELLED}),
    JobState.RUNNING: frozenset(set(JobState) - {JobState.RUNNING}),
    JobState.PAUSED: frozenset({JobState.QUEUED, JobState.FAILED, JobState.CANCELLED}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.CANCELLED: frozenset({JobState.QUEUED}),
}


def check_transition(now: JobState, then: JobState) -> JobState:
    """`then`, if a job may go there from `now`. Raises ValueError otherwise."""
    if then not in _NEXT[now]:
        raise ValueError(f"a job cannot go from {now} to {then}")
    return then


@dataclass(frozen=True)
class JobStatus:
    """A job as seen at one moment. `ahead` counts the jobs that run before it while it is queued.

    `is_asked_to_stop` while it runs on after cancelling or pausing has been asked for, less than a second as a rule.
    Times are aware, in UTC.
    """

    job_id: str
    request: LipSyncRequest
    state: JobState = JobState.QUEUED
    ahead: int = 0
    progress: Progress | None = None
    result: LipSyncResult | None = None
    error: HeyGemError | None = None
    batch_id: str | None = None
    owner: str = ""
    project: str = ""
    priority: int = 0
    attempts: int = 0
    preflight: Preflight | None = None
    quality: QualityReport | None = None
    is_asked_to_stop: bool = False
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True)
class NewJob:
    """What is asked of the queue. Higher `priority` runs first; `webhook` is the URL that is told of the end."""

    request: LipSyncRequest
    owner: str = ""
    project: str = ""
    priority: int = 0
    webhook: str = ""
