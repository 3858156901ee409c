"""The archive as the housekeeping and the page work with it: what is due goes there, what is asked for comes back."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from filelock import FileLock

from heygem.domain.archive_errors import ArchiveBusyError
from heygem.domain.errors import CancelledError
from heygem.domain.progress import CancelToken
from heygem.library.archiver import ArchiveProgress, Archiver, ArchiveReport, split_steps
from heygem.library.fetcher import Fetcher
from heygem.library.fetching import FetchDesk
from heygem.library.flow import Flow, TokenBucket
from heygem.library.retention import PlannedStep, StepAction
from heygem.maintenance.pruner import Pruner
from heygem.maintenance.scheduler import Task

log = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=5)
ROUND: Final = 10  # copies, before the plan is made anew
MB: Final = 1_000_000


@dataclass(frozen=True)
class Archiving:
    """`desk` is what the page asks for videos back."""

    pruner: Pruner
    archiver: Archiver
    desk: FetchDesk
    bucket: TokenBucket | None = None
    cancel: CancelToken = field(default_factory=CancelToken)

    @property
    def task(self) -> Task:
        return Task("archive", self.run, EVERY, stop=self.cancel.cancel)

    def run(self, now: datetime) -> None:
        """All that is due. Raises ArchiveFailedError at the end where some of it failed, and as the Archiver does where
        the archive cannot be used.
        """
        try:
            report = self.carry_out(now, self.cancel)
        except ArchiveBusyError:
            log.info("the archive is left to another process")
        except CancelledError:
            log.info("what goes to the archive is broken off, and gone on with after the next start")
        else:
            if report != ArchiveReport():
                log.info("archive: %s", report)
            report.check()

    def carry_out(
        self, now: datetime, cancel: CancelToken, report: Callable[[ArchiveProgress], None] = lambda _: None
    ) -> ArchiveReport:
        """In rounds, each by a plan of its own, since what people pin and a disk that fills change what is next."""
        done, tried, began_s = ArchiveReport(), set[tuple[str, StepAction]](), time.monotonic()
        while steps := self._list_next(now + timedelta(seconds=time.monotonic() - began_s), tried):
            tried |= {(step.output_id, step.action) for step in steps}
            done += self.archiver.carry_out(steps, Flow(cancel, self.bucket), report)
        return done

    def plan(self, now: datetime) -> list[PlannedStep]:
        """What concerns the archive: what frees space first, then what is due the longest."""
        leaving, coming = split_steps(self.pruner.plan(now))
        return leaving + coming

    def _list_next(self, now: datetime, tried: set[tuple[str, StepAction]]) -> list[PlannedStep]:
        left = [step for step in self.plan(now) if (step.output_id, step.action) not in tried]
        leaving, coming = split_steps(left)
        return leaving + coming[:ROUND]


def build_archiving(pruner: Pruner, max_mb_s: float) -> Archiving | None:
    """None where the library has no archive. All who share the folder of outputs take turns."""
    library = pruner.library
    if library.store is None:
        return None
    bucket = TokenBucket(max_mb_s * MB) if max_mb_s else None
    archiver = Archiver(library, FileLock(library.outputs_dir / ".work" / "archive.lock"))
    return Archiving(pruner, archiver, FetchDesk(Fetcher(library, pruner.guard.check_fits), bucket), bucket)
