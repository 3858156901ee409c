"""Throws videos away: first into a trash on the same disk, where they can be taken back from, then for good.

Files move before their rows change, so a row never says less than the disk; see reconcile.
"""

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, select, update

from heygem.domain.errors import PathOutsideError
from heygem.domain.library import OutputState
from heygem.library.base import LibraryBase, split
from heygem.library.folder import OutputFolder
from heygem.media.publish import publish
from heygem.pipeline.sidecar import sidecar_path
from heygem.storage.tables import outputs

log = logging.getLogger(__name__)

Step: TypeAlias = Callable[[OutputFolder, Row[Any]], "Outcome | None"]  # None leaves the video as it is


@dataclass(frozen=True)
class TrashReport:
    """How many videos were thrown away, and their bytes, sidecars included."""

    count: int
    size_bytes: int


@dataclass(frozen=True)
class Outcome:
    """What became of one video: its new state and name, and the bytes that moved. Where the archive has it, one that
    is gone is ARCHIVED.
    """

    state: OutputState
    name: str
    size_bytes: int = 0


class Trash(LibraryBase):
    def trash(self, ids: Sequence[str]) -> TrashReport:
        """Videos with their sidecars. One whose file is gone is MISSING from now on; other states stay as they are."""
        moved = self._do(ids, (OutputState.PRESENT,), _throw_away)
        gone = [outcome for outcome in moved if outcome.state is OutputState.TRASHED]
        return TrashReport(len(gone), sum(outcome.size_bytes for outcome in gone))

    def restore(self, ids: Sequence[str]) -> int:
        """How many came back out of the trash, each under its old name or, where that is taken, a numbered one."""
        moved = self._do(ids, (OutputState.TRASHED,), _take_back)
        return sum(outcome.state is OutputState.PRESENT for outcome in moved)

    def purge(self, ids: Sequence[str]) -> int:
        """Removes what is in the trash for good, and forgets what is missing. The bytes that this freed. A copy in the
        archive stays there.
        """
        moved = self._do(ids, (OutputState.TRASHED, OutputState.MISSING), _remove)
        return sum(outcome.size_bytes for outcome in moved)

    def remove(self, ids: Sequence[str]) -> int:
        """Removes for good what lies under its name or in the trash; the bytes that this freed. It works on a disk that
        has no room for a row, since the files go first.
        """
        moved = self._do(ids, (OutputState.PRESENT, OutputState.TRASHED), _erase)
        return sum(outcome.size_bytes for outcome in moved)

    def _do(self, ids: Sequence[str], states: Sequence[OutputState], step: Step) -> list[Outcome]:
        done = []
        for some in split(ids):
            wanted = select(outputs).where(outputs.c.output_id.in_(some), outputs.c.state.in_(states))
            with self.database.write() as connection:
                now = self.database.now(connection)
                for row in connection.execute(wanted).all():
                    if outcome := _remember_copy(row, self._try(row, step)):
                        _note(connection, now, row, outcome)
                        if outcome.state is OutputState.REMOVED:
                            self.drop_pictures(row.output_id)
                        done.append(outcome)
        return done

    def _try(self, row: Row[Any], step: Step) -> Outcome | None:
        try:
            return step(self.folder, row)
        except (OSError, PathOutsideError):  # it stays where it is, and so does what is known of it
            log.exception("could not move %s", row.name)
            return None


def _remember_copy(row: Row[Any], outcome: Outcome | None) -> Outcome | None:
    if outcome is None or row.archived_at is None or outcome.state not in (OutputState.MISSING, OutputState.REMOVED):
        return outcome
    return replace(outcome, state=OutputState.ARCHIVED)


def _throw_away(folder: OutputFolder, row: Row[Any]) -> Outcome:
    path = folder.find(row.name)
    if path is None:  # a power cut may have come between its move and its row
        is_there = folder.find_trashed(row.output_id, row.name) is not None
        return Outcome(OutputState.TRASHED if is_there else OutputState.MISSING, row.name)
    trash = folder.trash_of(row.output_id)
    trash.mkdir(parents=True, exist_ok=True)
    try:
        size_bytes = _move_pair(path, trash / path.name)
    except FileNotFoundError:
        return Outcome(OutputState.MISSING, row.name)
    return Outcome(OutputState.TRASHED, row.name, size_bytes)


def _take_back(folder: OutputFolder, row: Row[Any]) -> Outcome:
    kept = folder.find_trashed(row.output_id, row.name)
    return Outcome(OutputState.MISSING, row.name) if kept is None else move_back(folder, row, kept)


def move_back(folder: OutputFolder, row: Row[Any], kept: Path) -> Outcome:
    """From a folder of its own that goes afterwards."""
    name = _free_name(folder, row.name)
    place = folder.place(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    size_bytes = _move_pair(kept, place)
    shutil.rmtree(kept.parent)
    return Outcome(OutputState.PRESENT, name, size_bytes)


def _remove(folder: OutputFolder, row: Row[Any]) -> Outcome:
    trash = folder.trash_of(row.output_id)
    size_bytes = sum(path.lstat().st_size for path in trash.iterdir()) if trash.is_dir() else 0
    if trash.is_dir():
        shutil.rmtree(trash)
    return Outcome(OutputState.REMOVED, row.name, size_bytes)


def _erase(folder: OutputFolder, row: Row[Any]) -> Outcome:
    video = folder.find(row.name) if row.state == OutputState.PRESENT else None
    size_bytes = remove_pair(video) if video is not None else 0
    rest = _remove(folder, row)
    return replace(rest, size_bytes=rest.size_bytes + size_bytes)


def remove_pair(video: Path) -> int:
    """A video and its sidecar; the bytes of both."""
    size_bytes = 0
    for path in (video, sidecar_path(video)):
        if path.is_file() and not path.is_symlink():
            size_bytes += path.stat().st_size
            path.unlink()
    return size_bytes


def _move_pair(video: Path, place: Path) -> int:
    """The sidecar first, so that a video is where it says as long as its sidecar is not; the bytes of both."""
    size_bytes = video.stat().st_size
    sidecar = sidecar_path(video)
    if sidecar.is_file() and not sidecar.is_symlink():
        size_bytes += sidecar.stat().st_size
        sidecar.rename(sidecar_path(place))
    publish(video, place)
    return size_bytes


def _free_name(folder: OutputFolder, name: str) -> str:
    path = PurePosixPath(name)
    numbered = (str(path.with_stem(f"{path.stem}_{number}")) for number in count(2))
    return next(free for free in chain([name], numbered) if not folder.place(free).exists())


def _note(connection: Connection, now: datetime, row: Row[Any], outcome: Outcome) -> None:
    trashed_at = now if outcome.state is OutputState.TRASHED else None
    values = {"state": outcome.state, "name": outcome.name, "trashed_at": trashed_at}
    if outcome.state is OutputState.PRESENT:  # taken back, so wanted: its age counts anew
        values["used_at"] = now
    connection.execute(update(outputs).where(outputs.c.output_id == row.output_id).values(values))
