"""A file that is being fetched: its bytes under another name, and beside it the journal that says which are there."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from heygem.domain.models import ModelFile
from heygem.downloads.transport.disk_room import translate_write_error
from heygem.downloads.transport.journal import Journal, Record
from heygem.downloads.transport.partial import is_whole_length, journal_path, open_journal, part_path
from heygem.downloads.transport.ranges import Range, Ranges
from heygem.media import publish

SYNC_EVERY_S: Final = 5.0
CLOSE_S: Final = 0.3
force_to_disk: Final = getattr(os, "fdatasync", os.fsync)  # not every system has the former


class ClosedError(Exception):
    """The transfer has ended in the meantime; nothing has been done."""


class PartFile:
    """For several threads. Whoever waits on `changed` hears of all that comes in, is lost, or ends."""

    def __init__(self, wanted: ModelFile, target: Path) -> None:
        """Goes on with what lies there. Raises DiskFullError or OutputPathError."""
        self.size_bytes = wanted.size_bytes
        self.changed = threading.Condition()
        self._target = target
        self._path = part_path(target)
        self._journal = open_journal(wanted, target)
        self._record, self._done = Record(), Ranges()
        self._file = -1
        self._is_closed = False
        self._users = 0
        self._waiting = 0
        self._reservations: list[Range] = []  # what is being written
        self._losses = 0
        self._lowest_lost: int | None = None
        self._synced_at = time.monotonic()
        with self._translated():
            self._open()

    @property
    def done_bytes(self) -> int:
        with self.changed:
            return self._done.total

    @property
    def is_open(self) -> bool:
        with self.changed:
            return not self._is_closed

    @property
    def is_complete(self) -> bool:
        with self.changed:
            return self._done.covers(0, self.size_bytes)

    @property
    def is_settled(self) -> bool:
        """Whether it is complete, and whoever asks for what has been lost knows all of it."""
        with self.changed:
            return self._lowest_lost is None and self.is_complete

    @property
    def disk_bytes(self) -> int:
        """How much room it takes on the disk already; what has not been written takes none."""
        with self._in_use() as file:
            return os.fstat(file).st_blocks * 512

    def done(self) -> Ranges:
        with self.changed:
            return self._done.copy()

    def end_of_run(self, start: int) -> int:
        with self.changed:
            return self._done.end_of_run(start)

    def is_verified(self, start: int, end: int) -> bool:
        with self.changed:
            return self._record.verified.covers(start, end)

    def etag(self, origin: str) -> str:
        """What `origin` called the file when bytes of it came from there; empty for nothing that is known."""
        with self.changed:
            return self._record.etags.get(origin, "")

    def origins_of(self, start: int, end: int) -> dict[str, int]:
        """How many bytes of a range came from where."""
        with self.changed:
            shares = {origin: ranges.within(start, end) for origin, ranges in self._record.origins.items()}
        return {origin: sum(b - a for a, b in pieces) for origin, pieces in shares.items() if pieces}

    def write(self, offset: int, data: memoryview) -> None:
        """What is recorded already is left alone, since it may have been hashed: of two that bring the same bytes, the
        later one may bring them wrong. Raises DiskFullError, OutputPathError, or ClosedError.
        """
        with self._in_use() as file, self._reserved(offset, offset + len(data)) as gaps, self._translated():
            for start, end in gaps:
                while start < end:
                    start += os.pwrite(file, data[start - offset : end - offset], start)

    def read(self, offset: int, most: int) -> bytes:
        """Raises OutputPathError or ClosedError."""
        with self._in_use() as file, self._translated():
            return os.pread(file, most, offset)

    def note(self, start: int, end: int, origin: str, etag: str) -> bool:
        """Records that the bytes of a range have been written, and whence they came. Raises as `write`.

        False, and nothing, where they are of another version than the one that `origin` has now.
        """
        with self._recording() as journal:
            self._waiting += 1
            self.changed.wait_for(lambda: not any(a < end and b > start for a, b in self._reservations))
            self._waiting -= 1
            self._check_open()
            if self._record.etags.get(origin, "") != etag:
                return False
            for gap in self._done.gaps(start, end):
                journal.wrote(*gap, origin)
                self._record.add(*gap, origin)
                self._done.add(*gap)
            return True

    def name(self, origin: str, etag: str) -> None:
        """Records what `origin` calls the file now."""
        with self._recording() as journal:
            if self._record.etags.get(origin, "") != etag:
                journal.named(origin, etag)
                self._record.etags[origin] = etag

    def verify(self, start: int, end: int) -> None:
        """Records that a part's hash was right."""
        with self._recording() as journal:
            journal.verified(start, end)
            self._record.verified.add(start, end)

    def lose(self, start: int, end: int) -> None:
        """Forgets a range, which is to be fetched again."""
        if start < end:
            with self._recording() as journal:
                journal.lost(start, end)
                self._record.remove(start, end)
                self._done.remove(start, end)
                self._losses += 1
                self._lowest_lost = start if self._lowest_lost is None else min(start, self._lowest_lost)

    def lose_origin(self, origin: str) -> None:
        """Forgets all that came from `origin`, and what it called the file."""
        with self.changed:
            for start, end in self._record.origins.get(origin, Ranges()):
                self.lose(start, end)
            self.name(origin, "")

    def lose_version(self, origin: str, etag: str) -> bool:
        """Forgets all that came from `origin` while it called the file `etag`; False where that has been done."""
        with self.changed:
            is_current = self.etag(origin) == etag
            if is_current:
                self.lose_origin(origin)
            return is_current

    def take_lowest_lost(self) -> int | None:
        """The lowest byte that has been lost since this was last asked."""
        with self.changed:
            lowest, self._lowest_lost = self._lowest_lost, None
            return lowest

    def sync_if_due(self) -> None:
        """Now and then waits until what has come is on disk, so that it outlives a power cut. Raises as `write`."""
        if time.monotonic() - self._synced_at < SYNC_EVERY_S:
            return
        with self._in_use() as file, self._translated():
            with self.changed:
                losses, done = self._losses, list(self._done)
            force_to_disk(file)
            with self._recording() as journal:
                if losses == self._losses:  # else it might claim what has been lost since
                    journal.synced(done)
            self._journal.sync()
        self._synced_at = time.monotonic()

    def publish(self) -> None:
        """Gives the complete file its name, at once and for good, and removes the journal."""
        self.close()
        with self._translated():
            publish.replace(self._path, self._target)
        journal_path(self._target).unlink(missing_ok=True)

    def close(self) -> None:
        """Nothing is written after it. What is being written is waited for, but a slow disk only for a moment."""
        with self.changed:
            self._is_closed = True
            self.changed.notify_all()
            self.changed.wait_for(lambda: self._users == 0, CLOSE_S)
            self._journal.close()
            self._close_unused()

    def _close_unused(self) -> None:
        if self._users == 0 and self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        self._target.parent.mkdir(parents=True, exist_ok=True)
        if is_whole_length(self._path, self.size_bytes):
            self._record = self._journal.read()
        self._done = self._record.done
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            os.ftruncate(self._file, self.size_bytes)  # sparse: what is not there takes no room yet
            if self._done.total:
                force_to_disk(self._file)
            self._journal.start(self._record)
        except OSError:
            self.close()
            raise

    @contextmanager
    def _in_use(self) -> Iterator[int]:
        """The descriptor, which stays open as long as the block runs."""
        with self.changed:
            self._check_open()
            self._users += 1
        try:
            yield self._file
        finally:
            with self.changed:
                self._users -= 1
                if self._is_closed:
                    self._close_unused()
                    self.changed.notify_all()

    @contextmanager
    def _reserved(self, start: int, end: int) -> Iterator[list[Range]]:
        """What of a range is not recorded, and will not be as long as the block runs."""
        range_ = (start, end)
        with self.changed:
            gaps = self._done.gaps(start, end)
            self._reservations.append(range_)
        try:
            yield gaps
        finally:
            with self.changed:
                self._reservations.remove(range_)
                if self._waiting:
                    self.changed.notify_all()

    @contextmanager
    def _recording(self) -> Iterator[Journal]:
        """The journal, with nobody else at the record."""
        with self.changed, self._translated():
            self._check_open()
            yield self._journal
            self.changed.notify_all()

    def _check_open(self) -> None:
        if self._is_closed:
            raise ClosedError

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise translate_write_error(self._target, error) from error
