"""What the queue says of batches, drafts and workers, and what it hands to those who work for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from heygem.domain.errors import HeyGemError
from heygem.domain.inspection import Inspection, MediaKind, Preflight
from heygem.domain.job import FaceChoice, JobState, LipSyncRequest


class Wish(StrEnum):
    """What whoever asked for a running job wants of it now."""

    GO_ON = "go_on"
    PAUSE = "pause"
    CANCEL = "cancel"


class WorkerKind(StrEnum):
    """A renderer makes videos; an inspector looks at inputs, so that nothing waits behind a long job for that."""

    RENDER = "render"
    INSPECT = "inspect"


@dataclass(frozen=True)
class Lease:
    """One attempt of one job, for one worker. Whoever holds it renews it; once it has lapsed, another may have it."""

    job_id: str
    worker_id: str
    attempt: int
    request: LipSyncRequest
    preflight: Preflight | None = None


@dataclass(frozen=True)
class InspectionTask:
    """One file that an inspector has taken."""

    task_id: str
    path: Path
    kind: MediaKind
    worker_id: str


@dataclass(frozen=True)
class WorkerStatus:
    """One worker process as the queue knows it. `host` is its machine's name, and where two containers may share that,
    what tells them apart, after a slash. `beat_at` is when it was last heard of, `silent_s` how long ago that was, by
    the clock that wrote it.
    """

    worker_id: str
    kind: WorkerKind
    host: str
    pid: int
    device: str
    beat_at: datetime
    job_id: str | None = None
    silent_s: float = 0.0

    @property
    def machine(self) -> str:
        """Its name for people."""
        return self.host.partition("/")[0]


@dataclass(frozen=True)
class QueueHealth:
    """`waiting` jobs are queued; `failures` is how many have failed since one succeeded last, the latest at `failed_at`
    with `error_code`. Those whose inputs are to blame do not count, nor do cancelled ones.
    """

    waiting: int = 0
    failures: int = 0
    failed_at: datetime | None = None
    error_code: str = ""


@dataclass(frozen=True)
class BatchStatus:
    """A batch as seen at one moment.

    `counts` has a row for each state that occurs, `share` is how much of all its frames is done, 0..1; failed and
    cancelled jobs count as done. `eta_s` is None while nothing runs or no pace is known; `current` names the person
    file of the job that runs.
    """

    batch_id: str
    name: str
    owner: str
    project: str
    created_at: datetime
    counts: Mapping[JobState, int]
    share: float = 0.0
    eta_s: float | None = None
    current: str = ""

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def ended(self) -> int:
        return sum(count for state, count in self.counts.items() if state.is_final)

    @property
    def is_final(self) -> bool:
        return self.ended == self.total


@dataclass(frozen=True)
class DraftItem:
    """One file on an owner's list before the batch is started.

    `name` is what the output is to be called, or empty; `voice` the voice that a CSV row names beside a person, or
    None where the list's own voices are meant. `inspection` or `error` are there once the file has been looked at.
    """

    item_id: str
    kind: MediaKind
    path: Path
    name: str = ""
    face: FaceChoice = field(default_factory=FaceChoice)
    project: str = ""
    voice: Path | None = None
    inspection: Inspection | None = None
    error: HeyGemError | None = None
