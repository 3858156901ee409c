"""Brings one model here: what is missing or wrong is fetched, what is whole stays. Speaks no HTTP itself.

Processes that want the same model take turns: who comes second finds it done.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from heygem.domain.model_errors import NoSourceError
from heygem.domain.models import (
    DownloadSource,
    ModelEntry,
    ModelFile,
    ModelProgress,
    ModelState,
    ModelStatus,
    TransferPhase,
    TransferProgress,
)
from heygem.domain.progress import CancelToken
from heygem.downloads.licences import LicenceBook
from heygem.downloads.link import LinkSource
from heygem.downloads.progress_share import ProgressShare
from heygem.downloads.progress_sum import ModelSink, ProgressSum
from heygem.downloads.store import ModelStore, writing

LOOK_EVERY_S: Final = 0.5

ChooseSources: TypeAlias = Callable[[Sequence[DownloadSource]], Sequence[DownloadSource]]
OpenSource: TypeAlias = Callable[[DownloadSource, ModelFile], LinkSource]


class Transfer(Protocol):
    """heygem.downloads.transfer.transfer with its rules bound."""

    def __call__(
        self,
        wanted: ModelFile,
        sources: Sequence[LinkSource],
        target: Path,
        *,
        sink: Callable[[TransferProgress], None],
        cancel: CancelToken,
    ) -> None: ...


@dataclass(frozen=True)
class ModelFetcher:
    """For several threads. `choose_sources` orders a file's sources, or leaves some out."""

    store: ModelStore
    licences: LicenceBook
    open_source: OpenSource
    transfer: Transfer

    def fetch(
        self,
        name: str,
        choose_sources: ChooseSources,
        sink: ModelSink,
        cancel: CancelToken,
        is_full_check: bool = False,
    ) -> ModelStatus:
        """The model is here whole, in the newest version, when this returns. Files that nobody has looked at yet are
        looked at first; with `is_full_check` every one is, which is a repair.

        Raises ModelNotFoundError, LicenceNotAcceptedError, NoSourceError, DownloadFailedError, ChecksumError,
        ModelFileError, DiskFullError, OutputPathError, CancelledError; what has been fetched stays for the next time.
        """
        entry = self.store.catalogue.get(name)
        if not is_full_check and _is_newest(self.store.get_status(name)):
            return self._end(entry, sink)  # nothing is written, so that a folder that cannot be written will do
        with self._turn(entry, sink, cancel):
            status = self.store.verify(name, sink, cancel, is_full=is_full_check)
            if not _is_newest(status):
                self.licences.check(entry)
                with ProgressShare(self.store.folder, name).shared(sink) as shared:
                    self._fetch_files(entry, status, choose_sources, shared, cancel)
        return self._end(entry, sink)

    def verify(self, name: str, sink: ModelSink, cancel: CancelToken) -> ModelStatus:
        """Reads every file of the model. Raises ModelNotFoundError, ModelFileError, OutputPathError, CancelledError."""
        entry = self.store.catalogue.get(name)
        can_write = os.access(self.store.folder, os.W_OK)
        with self._turn(entry, sink, cancel) if can_write else contextlib.nullcontext():
            self.store.verify(name, sink, cancel)
        return self._end(entry, sink)

    def _end(self, entry: ModelEntry, sink: ModelSink) -> ModelStatus:
        sink(ModelProgress(entry.name, TransferPhase.DONE, entry.size_bytes, entry.size_bytes))
        return self.store.get_status(entry.name)

    def _fetch_files(
        self,
        entry: ModelEntry,
        status: ModelStatus,
        choose_sources: ChooseSources,
        sink: ModelSink,
        cancel: CancelToken,
    ) -> None:
        """An earlier version that is in use stays whole until all of the new one is here."""
        missing = [file.file for file in status.files if file.state is not ModelState.INSTALLED]
        is_staged = status.state is ModelState.OUTDATED
        base = self.store.staging(entry) if is_staged else self.store.folder
        progress = ProgressSum(entry, missing, sink)
        for file in missing:
            progress.begin(file)
            self._fetch_file(file, choose_sources(file.sources), base / file.path, progress, cancel)
            if not is_staged:
                self.store.note(entry, file)
        if is_staged:
            self.store.take_staged(entry, missing)
        self.store.remove_leftovers(entry)

    def _fetch_file(
        self,
        file: ModelFile,
        sources: Sequence[DownloadSource],
        target: Path,
        progress: ProgressSum,
        cancel: CancelToken,
    ) -> None:
        cancel.check()
        if not sources:
            raise NoSourceError(name=file.path)
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        opened = [self.open_source(source, file) for source in sources]
        self.transfer(file, opened, target, sink=progress.transferred, cancel=cancel)

    @contextlib.contextmanager
    def _turn(self, entry: ModelEntry, sink: ModelSink, cancel: CancelToken) -> Iterator[None]:
        """Waits until nobody else is at the model; meanwhile, how far the other has come is shown."""
        share = ProgressShare(self.store.folder, entry.name)
        while (lock := self.store.try_lock(entry.name)) is None:
            cancel.check()
            sink(share.read(entry))
            time.sleep(LOOK_EVERY_S)
        share.clear()
        try:
            yield
        finally:
            lock.release()


def _is_newest(status: ModelStatus) -> bool:
    """A version that is newer than the manifest's counts, too."""
    return status.state is ModelState.INSTALLED
