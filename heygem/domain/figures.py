"""What those who watch over an installation are told: its queue at one moment, and figures that outlive rows."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from heygem.domain.job import JobState

# Upper bounds of the histogram of a stage's seconds, each included; a job's part may take an hour and more.
STAGE_BOUNDS_S: Final = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 150.0, 300.0, 600.0, 1800.0, 3600.0, math.inf)


class FigureName(StrEnum):
    """All but the last only grow. Beside each: its label and its detail."""

    JOBS_ENDED = "jobs_ended"  # state; error code of one that failed
    STAGE_RUNS = "stage_runs"  # stage; the least of STAGE_BOUNDS_S that it kept to
    STAGE_SECONDS = "stage_seconds"  # stage
    FRAMES = "frames"
    VOICE_SECONDS = "voice_seconds"
    RUN_SECONDS = "run_seconds"
    PRUNES = "prunes"
    PRUNE_TRASHED = "prune_trashed"
    PRUNE_PURGED = "prune_purged"
    PRUNE_FREED_BYTES = "prune_freed_bytes"
    ARCHIVE_COPIED = "archive_copied"
    ARCHIVE_COPIED_BYTES = "archive_copied_bytes"
    ARCHIVE_RELEASED = "archive_released"
    ARCHIVE_RELEASED_BYTES = "archive_released_bytes"
    PRUNED_AT = "pruned_at"  # seconds since 1970


@dataclass(frozen=True)
class Figure:
    """Which figure: `name` is a FigureName, or what a later version has counted."""

    name: str
    label: str = ""
    detail: str = ""


@dataclass(frozen=True)
class QueueFigures:
    """`jobs` has a row for each state. `oldest_queued_s` is how long the job has been queued that is so the longest,
    0 for none. `failures_in_a_row` counts what failed by the machine's fault since a job last succeeded.
    """

    jobs: Mapping[JobState, int]
    oldest_queued_s: float = 0.0
    failures_in_a_row: int = 0
    inspections_waiting: int = 0
    webhooks_pending: int = 0
    webhooks_given_up: int = 0
    figures: Mapping[Figure, float] = field(default_factory=dict)
