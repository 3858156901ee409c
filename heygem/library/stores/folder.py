"""An archive in a folder, of another disk or a mounted NAS."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final

from fsspec.implementations.local import LocalFileSystem

from heygem.domain.archive_errors import ArchiveCopyLostError, ArchiveDeniedError, ArchiveUnusableError
from heygem.domain.progress import CancelToken
from heygem.library.flow import Flow
from heygem.media.publish import partial_path, sync

CHUNK_BYTES: Final = 1024**2
SYNC_BYTES: Final = 32 * 1024**2  # so many are at most on their way when it ends or is broken off


@dataclass(frozen=True)
class FolderStore:
    """`root` must be there: where a NAS is not mounted, nothing is written to the disk below. A file that is on its way
    is hidden, and what there is of it is gone on with.
    """

    root: Path

    @property
    def place(self) -> str:
        return str(self.root)

    @cached_property
    def _files(self) -> LocalFileSystem:
        return LocalFileSystem(skip_instance_cache=True)

    def find_size(self, key: str, cancel: CancelToken | None = None) -> int | None:
        del cancel  # the system answers, or nobody does
        with self._told():
            try:
                return int(self._files.size(self._path(key)))
            except FileNotFoundError:
                return None

    def send(self, key: str, source: BinaryIO, size_bytes: int, flow: Flow) -> None:
        path = self._path(key)
        part = str(partial_path(Path(path)))
        with self._told():
            self._files.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH120 - fsspec's paths are texts
            if (self._find_part(part) or 0) > size_bytes:
                self._files.rm_file(part)
            with self._files.open(part, "ab") as sink:
                _go_on(source, sink, flow)
                sink.flush()
                os.fsync(sink.fileno())
                if hasattr(os, "posix_fadvise"):  # so that who reads it back is told what is there, not what was sent
                    os.posix_fadvise(sink.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            self._files.mv(part, path)
            sync(Path(path).parent)

    def read(self, key: str, start: int, end: int, cancel: CancelToken | None = None) -> bytes:
        del cancel
        try:
            with self._told():
                return bytes(self._files.cat_file(self._path(key), start=start, end=end))
        except ArchiveUnusableError as error:
            if isinstance(error.__cause__, FileNotFoundError) and self.root.is_dir():
                raise ArchiveCopyLostError(name=key) from error
            raise

    def remove(self, key: str) -> None:
        with self._told(), suppress(FileNotFoundError):
            self._files.rm_file(self._path(key))

    def _find_part(self, part: str) -> int | None:
        try:
            return int(self._files.size(part))
        except FileNotFoundError:
            return None

    def _path(self, key: str) -> str:
        return str(self.root / key)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """In the domain's words. Where the root is away, whatever is asked."""
        try:
            if not self.root.is_dir():
                raise FileNotFoundError(f"there is no folder {self.root}")
            yield
        except PermissionError as error:
            raise ArchiveDeniedError(place=self.place, reason=error.strerror or str(error)) from error
        except OSError as error:
            raise ArchiveUnusableError(place=self.place, reason=error.strerror or str(error)) from error


def _go_on(source: BinaryIO, sink: BinaryIO, flow: Flow) -> None:
    """Appends to `sink` what of `source` it does not have yet."""
    there = sink.seek(0, os.SEEK_END)
    source.seek(there)
    flow.skip(there)
    unsynced = 0
    while chunk := source.read(CHUNK_BYTES):
        flow.let_pass(len(chunk))
        sink.write(chunk)
        unsynced += len(chunk)
        if unsynced >= SYNC_BYTES:
            sink.flush()
            os.fsync(sink.fileno())
            unsynced = 0
