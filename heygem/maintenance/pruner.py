"""What retention does with the library as it is now."""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from heygem.library.catalogue import Library
from heygem.library.pruning import PruneReport, carry_out
from heygem.library.retention import PlannedStep, RetentionRules, plan_retention
from heygem.maintenance.disk_guard import DiskGuard


@dataclass(frozen=True)
class Pruner:
    """`list_inputs` names the files that unfinished jobs read: a finished video may be another's person or voice."""

    library: Library
    rules: RetentionRules
    guard: DiskGuard
    list_inputs: Callable[[], Collection[Path]]

    def plan(self, now: datetime) -> list[PlannedStep]:
        """For every video that something is to become of, or that waits for it in the trash. Touches none."""
        records = self.library.list_candidates(self.rules, now)
        read = {os.path.realpath(path) for path in self.list_inputs()}
        in_use = {record.output_id for record in records if os.path.realpath(record.path) in read} if read else ()
        return plan_retention(records, self.rules, now, in_use, self.guard.measure())

    def prune(self, now: datetime) -> PruneReport:
        """Plans, and carries the plan out."""
        return carry_out(self.plan(now), self.library)
