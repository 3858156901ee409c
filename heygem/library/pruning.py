"""Carries a plan of retention out, file by file. What is broken off is done by the next plan."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from heygem.domain.errors import OutputNotFoundError
from heygem.library.catalogue import Library
from heygem.library.retention import PlannedStep, StepAction

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PruneReport:
    """How many videos went into the trash and for good, and the bytes that this freed."""

    trashed: int = 0
    purged: int = 0
    freed_bytes: int = 0

    def __add__(self, other: "PruneReport") -> "PruneReport":
        return PruneReport(
            self.trashed + other.trashed, self.purged + other.purged, self.freed_bytes + other.freed_bytes
        )


def carry_out(steps: Iterable[PlannedStep], library: Library) -> PruneReport:
    """What frees space comes first, since a move into the trash needs some for its row. A video that has changed since
    it was planned for (pinned, played, restored) is left to the next plan; what concerns the archive, to the Archiver.
    """
    report, is_whole = PruneReport(), False
    leaving = [step for step in steps if step.action in (StepAction.TRASH, StepAction.PURGE)]
    try:
        for step in sorted(leaving, key=lambda step: step.action is not StepAction.PURGE):
            if is_unchanged(step, library):
                report += _do(step, library)
        is_whole = True
    finally:
        library.note_prune(report.trashed, report.purged, report.freed_bytes, is_whole)
    return report


def is_unchanged(step: PlannedStep, library: Library) -> bool:
    try:
        return library.get(step.output_id) == step.record
    except OutputNotFoundError:
        return False


def _do(step: PlannedStep, library: Library) -> PruneReport:
    ids, path = [step.output_id], step.record.path
    if step.action is StepAction.TRASH:
        trashed = library.trash(ids).count
        log.info("%s is %s: %s, due %s", path, "in the trash" if trashed else "gone", step.reason, step.due_at)
        return PruneReport(trashed=trashed)
    freed_bytes = library.remove(ids)
    log.info("%s is removed, %d bytes: %s, due %s", path, freed_bytes, step.reason, step.due_at)
    return PruneReport(purged=1, freed_bytes=freed_bytes)
