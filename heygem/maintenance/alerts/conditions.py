"""What may be wrong, how bad that is, and what one look at it says. Knows neither how it is measured nor told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final, TypeAlias

Facts: TypeAlias = Mapping[str, str | int | float]  # the figures of a message, rounded as they are to be read


class Condition(StrEnum):
    DISK_WARN = "disk_warn"
    DISK_FULL = "disk_full"
    PRUNE_FAILED = "prune_failed"
    ARCHIVE_FAILED = "archive_failed"
    TASK_FAILED = "task_failed"
    WORKER_DOWN = "worker_down"
    WORKER_DYING = "worker_dying"
    FAILURES_IN_A_ROW = "failures_in_a_row"

    @property
    def rank(self) -> int:
        """Of two conditions of one topic, the worse one has the higher."""
        return 2 if self in (Condition.DISK_FULL, Condition.WORKER_DYING) else 1

    @property
    def is_severe(self) -> bool:
        """Whether something does not work any more."""
        return self is not Condition.DISK_WARN

    @property
    def patience(self) -> timedelta:
        """For how long it must be there before it is told: a worker loads its weights before it is heard of."""
        return timedelta(minutes=3) if self is Condition.WORKER_DOWN else timedelta(0)


PER_TASK: Final[Mapping[str, Condition]] = {"prune": Condition.PRUNE_FAILED, "archive": Condition.ARCHIVE_FAILED}


@dataclass(frozen=True)
class Sighting:
    """One look at one topic. `condition` is what is there for sure, None for nothing; `lingering` what is not gone for
    sure where it has been there before: just below its mark, say.
    """

    condition: Condition | None = None
    facts: Facts = field(default_factory=dict)
    lingering: Condition | None = None


GONE: Final = Sighting()
# Topic (`disk`, `task:prune`, `worker:gpu-01`) to what was seen of it; None for what could not be told.
Sightings: TypeAlias = Mapping[str, Sighting | None]


def subject_of(topic: str) -> str:
    """`prune` of `task:prune`; "" of a topic that has but one."""
    return topic.partition(":")[2]
