"""Brings videos back from the archive to the disk: whole, right by their checksum, and under their names."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from heygem.domain.archive_errors import ArchiveCopyWrongError
from heygem.domain.library import ArchivedCopy, OutputState
from heygem.library.catalogue import Library
from heygem.library.copies import READ_BYTES, KeyFamily
from heygem.library.flow import Flow
from heygem.media.publish import partial_path, sync, translate_output_error
from heygem.pipeline.sidecar import sidecar_path

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Fetcher:
    """`check_room` raises where the disk has no room for so many bytes more. What is broken off is gone on with."""

    library: Library
    check_room: Callable[[int], None]

    def fetch(self, output_id: str, flow: Flow) -> None:
        """Nothing where it is there. `flow` hears of every byte of it.

        Raises OutputNotFoundError, ResultGoneError, DiskHighError, DiskFullError, OutputPathError, CancelledError,
        ArchiveCopyWrongError for a copy that is not what was put there, and as ArchiveStore.read does.
        """
        record = self.library.get(output_id)
        if record.state is not OutputState.ARCHIVED:
            return
        copy = self.library.get_copy(output_id)
        self.check_room(copy.size_bytes)
        folder = self.library.folder.fetch_of(output_id)
        video = folder / record.path.name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._fetch_video(copy, video, flow)
            self._fetch_beside(copy, video)
        except OSError as error:
            raise translate_output_error(video, error) from error
        self.library.put_back(output_id)
        log.info("%s is back from the archive", record.path)

    def _fetch_video(self, copy: ArchivedCopy, video: Path, flow: Flow) -> None:
        part = partial_path(video)
        for may_go_on in (True, False):
            if not may_go_on:
                log.warning("what was there of %s is wrong, and is fetched again", copy.key)
                part.unlink(missing_ok=True)
            if self._go_on(copy, part, flow) == copy.sha256:
                sync(part)
                part.replace(video)
                return
        part.unlink(missing_ok=True)
        raise ArchiveCopyWrongError(name=copy.key)

    def _go_on(self, copy: ArchivedCopy, part: Path, flow: Flow) -> str:
        """Fetches what lacks of `part`; the SHA-256 of all of it."""
        digest = hashlib.sha256()
        with part.open("a+b") as file:
            file.seek(0)
            while chunk := file.read(READ_BYTES):
                flow.skip(len(chunk))
                digest.update(chunk)
            for chunk in self.library.read_copy(copy, file.tell(), cancel=flow.cancel):
                flow.let_pass(len(chunk))
                file.write(chunk)
                digest.update(chunk)
        return digest.hexdigest()

    def _fetch_beside(self, copy: ArchivedCopy, video: Path) -> None:
        data = self.library.read_beside(KeyFamily(copy.key).sidecar)
        if data is not None:
            sidecar_path(video).write_bytes(data)
