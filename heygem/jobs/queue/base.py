"""What all parts of the queue stand on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from heygem.domain.inspection import Inspection, Preflight
from heygem.domain.job import SEGMENT_FRAMES, EngineName
from heygem.storage.database import Database

# Of a person, a voice, and what paints the mouths.
BuildPreflight: TypeAlias = Callable[[Inspection, Inspection, EngineName], Preflight]


@dataclass(frozen=True)
class QueueBase:
    """`lease_s`: a worker silent for so long has lost its job. At `max_crashes` in a row without another
    `segment_frames` rendered in between, a job is given up. `check_room` raises where no new job may come.
    """

    database: Database
    build_preflight: BuildPreflight
    lease_s: float = 20.0
    max_crashes: int = 2
    segment_frames: int = SEGMENT_FRAMES
    check_room: Callable[[], None] = lambda: None
