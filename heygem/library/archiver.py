"""Carries out what a plan of retention says of the archive: copies, verifies, marks, and lets go of what is there."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from heygem.domain.archive_errors import (
    ArchiveBusyError,
    ArchiveCopyLostError,
    ArchiveCopyWrongError,
    ArchiveFailedError,
    ArchiveUnusableError,
)
from heygem.domain.errors import HeyGemError, InputChangedError, ResultGoneError
from heygem.domain.library import ArchivedCopy, OutputRecord
from heygem.domain.progress import CancelToken
from heygem.library.catalogue import Library
from heygem.library.copies import KeyFamily
from heygem.library.flow import Flow
from heygem.library.pruning import is_unchanged
from heygem.library.retention import PlannedStep, StepAction
from heygem.media.content_hash import hash_file
from heygem.pipeline.sidecar import sidecar_path

log = logging.getLogger(__name__)

FLAG: Final = "heygem-archive.txt"  # lies in an archive that is ours: where it lacks, another place may be mounted
FLAG_TEXT: Final = b"Finished videos of HeyGem. Their names are as they were in the folder of outputs.\n"
ATTEMPTS: Final = 2


@dataclass(frozen=True)
class ArchiveProgress:
    """Of the `number`th video (from 1) of `count`. Bytes of it that have gone there or come back to be compared."""

    number: int
    count: int
    record: OutputRecord
    done_bytes: int
    total_bytes: int


@dataclass
class ArchiveReport:
    """How many videos were copied and let go of, the bytes on the disk that this freed, and what failed."""

    archived: int = 0
    released: int = 0
    freed_bytes: int = 0
    failures: list[HeyGemError] = field(default_factory=list)

    def __add__(self, other: "ArchiveReport") -> "ArchiveReport":
        return ArchiveReport(
            self.archived + other.archived,
            self.released + other.released,
            self.freed_bytes + other.freed_bytes,
            self.failures + other.failures,
        )

    def check(self) -> None:
        """Raises ArchiveFailedError where something failed."""
        if self.failures:
            raise ArchiveFailedError(count=len(self.failures), reason=str(self.failures[0]))


@dataclass(frozen=True)
class Archiver:
    """`lock` is one for all who share the outputs' folder. What is broken off, by a power cut say, the next one goes on
    with: parts that are there are not sent again.
    """

    library: Library
    lock: FileLock

    def carry_out(
        self,
        steps: Sequence[PlannedStep],
        flow: Flow,
        report: Callable[[ArchiveProgress], None] = lambda _: None,
    ) -> ArchiveReport:
        """What frees space first, then the copies, longest due first. One that fails stays where it is, and the rest
        goes on, as long as the archive answers.

        Raises ArchiveBusyError, CancelledError, and as ArchiveStore does where the archive cannot be used at all.
        """
        (leaving, coming), done = split_steps(steps), ArchiveReport()
        if not leaving and not coming:
            return done
        with self._alone():
            self.check_place(flow.cancel)
            for step in leaving:
                self._try(step, done, partial(self._release, step, done, flow.cancel), flow.cancel)
            for number, step in enumerate(coming, 1):
                counted = replace(flow, report=_count(step.record, number, len(coming), report))
                self._try(step, done, partial(self._archive, step, done, counted), flow.cancel)
        return done

    def check_place(self, cancel: CancelToken | None = None) -> None:
        """Whether the archive can be written to and is that which has our copies. Raises as ArchiveStore does."""
        store = self.library.get_store()
        if store.find_size(FLAG, cancel) is not None:
            return
        if self.library.has_copies():
            raise ArchiveUnusableError(place=store.place, reason=f"{FLAG} is not there, so this is another place")
        store.send(FLAG, BytesIO(FLAG_TEXT), len(FLAG_TEXT), Flow(cancel or CancelToken()))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        Path(self.lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
        try:
            with self.lock.acquire(timeout=0):
                yield
        except Timeout as error:
            raise ArchiveBusyError() from error

    def _try(self, step: PlannedStep, done: ArchiveReport, act: Callable[[], None], cancel: CancelToken) -> None:
        if not is_unchanged(step, self.library):  # pinned, played, thrown away: left to the next plan
            return
        try:
            act()
        except (ResultGoneError, InputChangedError) as error:  # somebody is at it; the next plan knows more
            log.info("%s is left as it is: %s", step.record.path, error)
        except HeyGemError as error:
            if not error.code.startswith("ARCHIVE"):
                raise
            log.warning("%s stays where it is: %s", step.record.path, error)
            done.failures.append(error)
            self.check_place(cancel)

    def _release(self, step: PlannedStep, done: ArchiveReport, cancel: CancelToken) -> None:
        """Not without a look whether the copy is there."""
        store, record = self.library.get_store(), step.record
        copy = self.library.get_copy(record.output_id)
        if store.find_size(copy.key, cancel) != copy.size_bytes:
            self.library.forget_copy(record.output_id)
            raise ArchiveCopyLostError(name=copy.key)
        freed_bytes = self.library.release(record.output_id)
        if freed_bytes is None:
            raise InputChangedError(record.path)
        done.released += 1
        done.freed_bytes += freed_bytes
        log.info("%s is in the archive alone: %s, due %s", record.path, step.reason, step.due_at)

    def _archive(self, step: PlannedStep, done: ArchiveReport, flow: Flow) -> None:
        copy = self._copy(step.record, flow)
        self.library.note_copy(step.output_id, copy)
        done.archived += 1
        log.info("%s is in the archive as %s: %s, due %s", step.record.path, copy.key, step.reason, step.due_at)

    def _copy(self, record: OutputRecord, flow: Flow) -> ArchivedCopy:
        """The video last, so that where it is, all is."""
        store = self.library.get_store()
        video = self.library.get_file(record.output_id)
        sha256, size_bytes = hash_file(video, flow.cancel), video.stat().st_size
        if size_bytes != record.size_bytes:
            raise InputChangedError(video)

        def is_taken(key: str) -> bool:
            return store.find_size(key, flow.cancel) is not None

        keys = KeyFamily(self.library.promise_key(record.output_id, is_taken))
        beside = (
            (keys.sidecar, sidecar_path(video)),
            (keys.picture, _find_picture(record, self.library.thumbnail)),
            (keys.sheet, _find_picture(record, self.library.contact_sheet)),
        )
        for key, path in beside:
            if path is not None and path.is_file() and not path.is_symlink():
                self._send(
                    path, ArchivedCopy(key, path.stat().st_size, hash_file(path, flow.cancel)), Flow(flow.cancel)
                )
        copy = ArchivedCopy(keys.video, size_bytes, sha256)
        self._send(video, copy, flow)
        return copy

    def _send(self, path: Path, copy: ArchivedCopy, flow: Flow) -> None:
        """Until what is there is what is here. Raises ArchiveCopyWrongError."""
        store = self.library.get_store()
        for _ in range(ATTEMPTS):
            if store.find_size(copy.key, flow.cancel) != copy.size_bytes:
                with path.open("rb") as file:
                    store.send(copy.key, file, copy.size_bytes, flow)
            if self._is_right(copy, flow):
                return
            log.warning("the copy %s in the archive is wrong, and is made again", copy.key)
            store.remove(copy.key)
        raise ArchiveCopyWrongError(name=copy.key)

    def _is_right(self, copy: ArchivedCopy, flow: Flow) -> bool:
        """By reading it back."""
        digest = hashlib.sha256()
        try:
            for chunk in self.library.read_copy(copy, cancel=flow.cancel):
                flow.let_pass(len(chunk))
                digest.update(chunk)
        except ArchiveCopyLostError:
            return False
        return digest.hexdigest() == copy.sha256


def split_steps(steps: Sequence[PlannedStep]) -> tuple[list[PlannedStep], list[PlannedStep]]:
    """What frees space, and the copies, longest due first."""
    leaving = [step for step in steps if step.action is StepAction.RELEASE]
    coming = [step for step in steps if step.action is StepAction.ARCHIVE]
    return leaving, sorted(coming, key=lambda step: step.due_at.timestamp() if step.due_at is not None else 0.0)


def _find_picture(record: OutputRecord, make: Callable[[str], Path]) -> Path | None:
    try:
        return make(record.output_id)
    except HeyGemError:  # it has none
        return None


def _count(
    record: OutputRecord, number: int, count: int, report: Callable[[ArchiveProgress], None]
) -> Callable[[int], None]:
    """What tells `report` of each piece of bytes. It is told that the video begins at once."""
    passed = 0

    def tell(size_bytes: int) -> None:
        nonlocal passed
        passed += size_bytes
        report(ArchiveProgress(number, count, record, passed, 2 * record.size_bytes))

    tell(0)
    return tell
