"""The copies that the archive has of finished videos: which there are, what they hold, and a disk that lets go of what
is there.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, Final

from sqlalchemy import Row, select, update

from heygem.domain.archive_errors import ArchiveUnsetError
from heygem.domain.errors import HeyGemError, ResultGoneError
from heygem.domain.figures import Figure, FigureName
from heygem.domain.library import ArchivedCopy, OutputState
from heygem.domain.progress import CancelToken
from heygem.library.entries import NO_COPY
from heygem.library.folder import OutputFolder
from heygem.library.search import Search
from heygem.library.stores.store import ArchiveStore
from heygem.library.trash import Outcome, Trash, move_back, remove_pair
from heygem.storage.figures import add_figures
from heygem.storage.tables import outputs

log = logging.getLogger(__name__)

READ_BYTES: Final = 4 * 1024**2
TOLERANCE: Final = timedelta(seconds=5)  # of two clocks


@dataclass(frozen=True)
class KeyFamily:
    """The keys of a video, of the record of its making, and of its pictures."""

    video: str

    @property
    def sidecar(self) -> str:
        return str(PurePosixPath(self.video).with_suffix(".json"))

    @property
    def picture(self) -> str:
        return str(PurePosixPath(self.video).with_suffix(".jpg"))

    @property
    def sheet(self) -> str:
        return str(PurePosixPath(self.video).with_suffix(".sheet.jpg"))


class Copies(Search, Trash):
    def get_store(self) -> ArchiveStore:
        """Raises ArchiveUnsetError."""
        if self.store is None:
            raise ArchiveUnsetError()
        return self.store

    def get_copy(self, output_id: str) -> ArchivedCopy:
        """Raises OutputNotFoundError, and ResultGoneError where the archive has none."""
        row = self._get_row(output_id)
        if row.archived_at is None or row.archive_key is None or row.sha256 is None:
            raise ResultGoneError(name=PurePosixPath(row.name).name)
        return ArchivedCopy(row.archive_key, row.size_bytes, row.sha256)

    def get_content(self, output_id: str) -> Path | ArchivedCopy:
        """Where it can be read now: its file, or where there is none its copy in the archive. Raises as `get_copy`."""
        try:
            return self.get_file(output_id)
        except ResultGoneError:
            if self.store is None:
                raise
        return self.get_copy(output_id)

    def read_copy(
        self, copy: ArchivedCopy, start: int = 0, end: int | None = None, cancel: CancelToken | None = None
    ) -> Iterator[bytes]:
        """From `start` up to but without `end`, in pieces. Raises as ArchiveStore.read does."""
        end = copy.size_bytes if end is None else end
        for place in range(start, end, READ_BYTES):
            yield self.get_store().read(copy.key, place, min(end, place + READ_BYTES), cancel)

    def read_beside(self, key: str) -> bytes | None:
        """The whole of a small file of the archive; None where there is none, or no archive answers."""
        try:
            store = self.get_store()
            size = store.find_size(key)
            return None if size is None else store.read(key, 0, size)
        except HeyGemError:
            return None

    def has_copies(self) -> bool:
        with self.database.read() as connection:
            found = select(outputs.c.output_id).where(outputs.c.archived_at.is_not(None)).limit(1)
            return connection.execute(found).first() is not None

    def promise_key(self, output_id: str, is_taken: Callable[[str], bool]) -> str:
        """The key that its copy has or will have: the video's name, or with its id where `is_taken` says so of that, or
        another video has it. Raises OutputNotFoundError.
        """
        row = self._get_row(output_id)
        if row.archive_key is not None:
            return str(row.archive_key)
        name = PurePosixPath(row.name)
        with self.database.read() as connection:
            others = connection.execute(select(outputs.c.output_id).where(outputs.c.archive_key == row.name)).first()
        is_free = others is None and not is_taken(row.name)
        key = row.name if is_free else str(name.with_stem(f"{name.stem}_{output_id[:8]}"))
        with self.database.write() as connection:
            connection.execute(update(outputs).where(outputs.c.output_id == output_id).values(archive_key=key))
        return str(key)

    def note_copy(self, output_id: str, copy: ArchivedCopy) -> None:
        """It is there and was verified now."""
        with self.database.write() as connection:
            told = {"archive_key": copy.key, "sha256": copy.sha256, "archived_at": self.database.now(connection)}
            connection.execute(update(outputs).where(outputs.c.output_id == output_id).values(told))
            amounts = {Figure(FigureName.ARCHIVE_COPIED): 1, Figure(FigureName.ARCHIVE_COPIED_BYTES): copy.size_bytes}
            add_figures(connection, amounts)

    def forget_copy(self, output_id: str) -> None:
        """It is not there, or not that of the file any more: the next one is made anew."""
        with self.database.write() as connection:
            connection.execute(update(outputs).where(outputs.c.output_id == output_id).values(NO_COPY))

    def release(self, output_id: str) -> int | None:
        """Removes the file of a video that the archive has; the bytes that this freed. None where the file has changed
        since it was copied: it stays, and its copy is forgotten.
        """
        done = self._do([output_id], (OutputState.PRESENT,), _let_go)
        if not done and self._get_row(output_id).state == OutputState.PRESENT:
            self.forget_copy(output_id)
            return None
        freed_bytes = sum(outcome.size_bytes for outcome in done)
        amounts = {
            Figure(FigureName.ARCHIVE_RELEASED): len(done),
            Figure(FigureName.ARCHIVE_RELEASED_BYTES): freed_bytes,
        }
        with self.database.write() as connection:
            add_figures(connection, amounts)
        return freed_bytes

    def put_back(self, output_id: str) -> bool:
        """Moves what was fetched from the archive to its old name, or where that is taken a numbered one; whether it
        has come.
        """
        return bool(self._do([output_id], (OutputState.ARCHIVED,), _put_back))

    def remove_copies(self, ids: Sequence[str]) -> int:
        """Removes from the archive, for good, those videos that are nowhere else; the bytes of these. Raises
        ArchiveUnsetError and as ArchiveStore.remove does.
        """
        store, freed_bytes = self.get_store(), 0
        for output_id in dict.fromkeys(ids):
            row = self._get_row(output_id)
            if row.state != OutputState.ARCHIVED or row.archive_key is None:
                continue
            keys = KeyFamily(row.archive_key)
            for key in (keys.sidecar, keys.picture, keys.sheet, keys.video):
                store.remove(key)
            with self.database.write() as connection:
                gone = update(outputs).where(outputs.c.output_id == output_id)
                connection.execute(gone.values(state=OutputState.REMOVED, **NO_COPY))
            self.drop_pictures(output_id)
            log.info("%s is removed from the archive", row.archive_key)
            freed_bytes += row.size_bytes
        return freed_bytes


def _let_go(folder: OutputFolder, row: Row[Any]) -> Outcome | None:
    """None where the archive does not have the file as it is."""
    video = folder.find(row.name)
    if row.archived_at is None or (video is not None and not _is_copied(video, row)):
        return None
    return Outcome(OutputState.ARCHIVED, row.name, 0 if video is None else remove_pair(video))


def _is_copied(video: Path, row: Row[Any]) -> bool:
    status = video.stat()
    changed_at = datetime.fromtimestamp(status.st_mtime, UTC)
    return bool(status.st_size == row.size_bytes and changed_at <= row.archived_at + TOLERANCE)


def _put_back(folder: OutputFolder, row: Row[Any]) -> Outcome | None:
    fetched = folder.find_fetched(row.output_id, row.name)
    return None if fetched is None else move_back(folder, row, fetched)
