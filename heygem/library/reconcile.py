"""Brings the rows and the files together again, whatever people, other programs or a power cut have done."""

import logging
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, select

from heygem.domain.errors import HeyGemError
from heygem.domain.library import OutputState
from heygem.library.entries import NAMED, Entries
from heygem.library.folder import OutputFolder
from heygem.library.trash import Outcome, Trash
from heygem.storage.tables import outputs

log = logging.getLogger(__name__)

SUFFIX: Final = ".mp4"


@dataclass(frozen=True)
class ReconcileReport:
    """Counts of videos: without a row until now, without a file from now on, and with a file again."""

    adopted: int
    missing: int
    found_again: int


class Reconciling(Entries, Trash):
    def reconcile(self) -> ReconcileReport:
        """Adopts every video below the outputs' folder; what is hidden or a link is left alone."""
        rows = self._list_rows()  # before the files, so that what is added meanwhile is not thought to be missing
        trashed = [row.output_id for row in rows if row.state == OutputState.TRASHED]
        back = self._do(trashed, (OutputState.TRASHED,), _look_for_trashed)
        sizes = dict(_walk(self.outputs_dir, ""))
        known = {row.name: row for row in rows if row.state in NAMED} | {outcome.name: None for outcome in back}
        lost = [row.output_id for row in rows if row.state == OutputState.PRESENT and row.name not in sizes]
        gone = self._do(lost, (OutputState.PRESENT,), _look_for_named)
        freed = {row.name: row for row in rows if row.state == OutputState.ARCHIVED}
        back += self._do(_list_back(freed, known, sizes), (OutputState.ARCHIVED,), _look_for_freed)
        known |= {outcome.name: None for outcome in back}
        again = self._look_again(known, sizes)
        return ReconcileReport(
            adopted=sum(self._adopt(name) for name in sizes if name not in known),
            missing=sum(outcome.state is OutputState.MISSING for outcome in gone),
            found_again=again + sum(outcome.state is OutputState.PRESENT for outcome in back),
        )

    def _list_rows(self) -> list[Row[Any]]:
        columns = [outputs.c[name] for name in ("output_id", "name", "state", "size_bytes")]
        with self.database.read() as connection:
            return list(connection.execute(select(*columns).where(outputs.c.state != OutputState.REMOVED)).all())

    def _look_again(self, known: Mapping[str, Row[Any] | None], sizes: Mapping[str, int]) -> int:
        """At files that are there again or of another size; how many are there again."""
        found_again = 0
        for name, row in known.items():
            if row is None or name not in sizes:
                continue
            is_back = row.state == OutputState.MISSING
            if (is_back or row.size_bytes != sizes[name]) and self._adopt(name):
                found_again += is_back
        return found_again

    def _adopt(self, name: str) -> bool:
        try:
            self.add(self.outputs_dir / name)
        except HeyGemError as error:  # it went away this moment, or a link came in its way
            log.warning("could not look at %s: %s", name, error)
            return False
        return True


def _list_back(freed: Mapping[str, Row[Any]], known: Collection[str], sizes: Mapping[str, int]) -> list[str]:
    """Of those that were in the archive alone, by their names, the ids of those that are under their names again."""
    names = (name for name in freed if name not in known)
    return [freed[name].output_id for name in names if sizes.get(name) == freed[name].size_bytes]


def _look_for_freed(folder: OutputFolder, row: Row[Any]) -> Outcome | None:
    return Outcome(OutputState.PRESENT, row.name) if folder.find(row.name) else None


def _look_for_trashed(folder: OutputFolder, row: Row[Any]) -> Outcome | None:
    """None where it is in the trash as its row says; else it is back under its name, or gone."""
    if folder.find_trashed(row.output_id, row.name):
        return None
    return Outcome(OutputState.PRESENT if folder.find(row.name) else OutputState.REMOVED, row.name)


def _look_for_named(folder: OutputFolder, row: Row[Any]) -> Outcome | None:
    """None where it lies under its name as its row says; else it is in the trash, or gone."""
    if folder.find(row.name):
        return None
    is_trashed = folder.find_trashed(row.output_id, row.name) is not None
    return Outcome(OutputState.TRASHED if is_trashed else OutputState.MISSING, row.name)


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, int]]:
    """Names of all videos below `folder`, with slashes, and their bytes."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        log.warning("could not look into %s: %s", folder, error)
        return
    for entry in entries:
        name = prefix + entry.name
        if entry.name.startswith(".") or not _is_text(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(folder / entry.name, f"{name}/")
        elif entry.name.lower().endswith(SUFFIX) and entry.is_file(follow_symlinks=False):
            with suppress(FileNotFoundError):
                yield name, entry.stat(follow_symlinks=False).st_size


def _is_text(name: str) -> bool:
    """Whether a name is UTF-8, as the database needs it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
