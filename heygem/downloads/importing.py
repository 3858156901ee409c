"""Takes models from files that are here already, recognised by what is in them, whatever they are called."""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from heygem.domain.model_errors import ModelFileError, ModelImportError
from heygem.domain.models import ModelEntry, ModelFile
from heygem.domain.progress import CancelToken
from heygem.downloads.hashing import see_file
from heygem.downloads.progress_sum import ModelSink, ProgressSum
from heygem.downloads.store import ModelStore, writing
from heygem.media.publish import replace

MOST_FILES: Final = 100_000  # of a folder; somebody who names the root of a disk is told at once


class ImportMode(StrEnum):
    """LINK: a hard link where the file system has them, else a copy."""

    COPY = "copy"
    MOVE = "move"
    LINK = "link"


@dataclass(frozen=True)
class ImportedFile:
    source: Path
    model: str
    path: str


def import_files(
    store: ModelStore, places: Sequence[Path], mode: ImportMode, sink: ModelSink, cancel: CancelToken
) -> list[ImportedFile]:
    """Files, and folders with all below them; of folders, what is no model's is passed over.

    Raises ModelImportError for a file that is no model's and a folder without any, ModelBusyError, ModelFileError,
    OutputPathError, DiskFullError, CancelledError. What came before stays.
    """
    imported = []
    for place in places:
        found = [done for path in _walk(place) if (done := _import_file(store, path, mode, sink, cancel))]
        if not found:
            raise ModelImportError(name=place.name or str(place))
        imported += found
    return imported


def _walk(place: Path) -> Iterator[Path]:
    if not place.is_dir():
        yield place
        return
    files = (Path(folder, name) for folder, _, names in os.walk(place) for name in sorted(names))
    for number, path in enumerate(files):
        if number >= MOST_FILES:
            raise ModelImportError(name=str(place))
        yield path


def _import_file(
    store: ModelStore, path: Path, mode: ImportMode, sink: ModelSink, cancel: CancelToken
) -> ImportedFile | None:
    try:
        candidates = store.catalogue.find_by_size(path.stat().st_size) if path.is_file() else []
        if not candidates:
            return None
        progress = _begin(candidates, sink)
        sha256 = see_file(path, progress.hashed, cancel).sha256
    except OSError as error:
        raise ModelFileError(path=path, reason=error.strerror) from error
    match = next(((model, file) for model, file in candidates if file.sha256 == sha256), None)
    if match is None:
        return None
    entry, file = match
    with store.alone(entry.name):
        _put(store, path, file, mode, cancel)
        store.note(store.catalogue.get(entry.name), file)
    progress.end()
    return ImportedFile(path, entry.name, file.path)


def _begin(candidates: Sequence[tuple[ModelEntry, ModelFile]], sink: ModelSink) -> ProgressSum:
    entry, file = candidates[0]
    progress = ProgressSum(entry, [file], sink)
    progress.begin(file)
    return progress


def _put(store: ModelStore, source: Path, file: ModelFile, mode: ImportMode, cancel: CancelToken) -> None:
    """By way of a hidden name beside the target, whose content is checked again: the source may change meanwhile."""
    target = store.folder / file.path
    with writing(target):
        if target.exists() and target.samefile(source):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name(f".{target.name}.import")
        new.unlink(missing_ok=True)
        try:
            _bring(source, new, mode)
            if see_file(new, lambda _: None, cancel).sha256 != file.sha256:
                raise ModelImportError(name=source.name)
            replace(new, target)
        finally:
            new.unlink(missing_ok=True)
        if mode is ImportMode.MOVE:
            source.unlink()


def _bring(source: Path, new: Path, mode: ImportMode) -> None:
    if mode is not ImportMode.COPY:
        try:
            os.link(source, new)
            return
        except OSError:  # another disk, or a file system without hard links
            pass
    shutil.copyfile(source, new)
