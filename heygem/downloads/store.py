"""The models' folder: what of each model is there, whether it is whole, and what goes. Downloads nothing.

A model's files may be changed while its `lock` is held. Files that no manifest names are never touched.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from heygem.domain.model_errors import ModelBusyError, ModelFileError, WeightsUnverifiedError
from heygem.domain.models import ModelEntry, ModelFile, ModelState, ModelStatus
from heygem.domain.progress import CancelToken
from heygem.downloads.catalogue import Catalogue
from heygem.downloads.hashing import SeenFile, see_file
from heygem.downloads.inventory import build_status, find_leftovers, look_at, size_on_disk
from heygem.downloads.progress_sum import ModelSink, ProgressSum
from heygem.downloads.receipts import HIDDEN_FOLDER, Receipt, ReceiptBook
from heygem.media import publish


class ModelStore:
    """For several threads and processes."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self.folder = folder
        self.catalogue = catalogue
        self._book = ReceiptBook(folder)

    def get_status(self, name: str) -> ModelStatus:
        """By sizes, times and what was seen earlier; reads no file. Raises ModelNotFoundError."""
        return self._status_of(self.catalogue.get(name), self._book.read(name))

    def list_statuses(self) -> list[ModelStatus]:
        return [self.get_status(model.name) for model in self.catalogue.models]

    def try_lock(self, name: str) -> FileLock | None:
        """Of all threads and processes of this machine, one changes a model at a time: held until it is released, or
        None where another has it. Raises OutputPathError, DiskFullError.
        """
        path = self.folder / HIDDEN_FOLDER / "locks" / f"{name}.lock"
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = FileLock(path)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                return None
        return lock

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """The lock, without waiting for it. Raises ModelBusyError where another has it, and as `try_lock` does."""
        lock = self.try_lock(name)
        if lock is None:
            raise ModelBusyError(model=name)
        try:
            yield
        finally:
            lock.release()

    def verify(self, name: str, sink: ModelSink, cancel: CancelToken, is_full: bool = True) -> ModelStatus:
        """Looks at what is in the model's files; where not `is_full`, only in those that nobody has looked at since
        they were changed. Files of a known version that somebody put there by hand are thereby recognised.

        Raises ModelNotFoundError, ModelFileError, CancelledError.
        """
        entry, receipt = self.catalogue.get(name), self._book.read(name)
        files = self._list_readable(entry, receipt, is_full)
        progress = ProgressSum(entry, files, sink)
        for file in files:
            progress.begin(file)
            found = self._hash(self.folder / file.path, progress, cancel)
            receipt = self._settle(entry, receipt.with_seen(file.path, found))
        return self._status_of(entry, receipt)

    def note(self, entry: ModelEntry, file: ModelFile) -> None:
        """`file` has just been put in its place, its content checked."""
        stat = (self.folder / file.path).stat()
        found = SeenFile(stat.st_size, stat.st_mtime_ns, file.sha256)
        self._settle(entry, self._book.read(entry.name).with_seen(file.path, found))

    def remove(self, name: str) -> int:
        """All files of the model, of earlier versions and unfinished downloads too; nothing else. How many bytes that
        frees. Raises ModelNotFoundError, OutputPathError.
        """
        entry, receipt = self.catalogue.get(name), self._book.read(name)
        paths = {file.path for model in self.catalogue.list_versions(name) for file in model.files}
        freed = sum(self._remove_file(self.folder / path) for path in sorted(paths | set(receipt.hashes)))
        freed += self.remove_leftovers(entry)
        self._book.remove(name)
        return freed

    def remove_leftovers(self, entry: ModelEntry) -> int:
        """What downloads that have not ended keep. How many bytes that frees. Raises OutputPathError."""
        targets = [base / file.path for base in (self.folder, self.staging(entry)) for file in entry.files]
        freed = sum(self._remove_file(path) for path in find_leftovers(targets))
        shutil.rmtree(self.staging(entry).parent, ignore_errors=True)
        return freed

    def staging(self, entry: ModelEntry) -> Path:
        """Where the files of a new version wait for one another while an earlier one is in use."""
        return self.folder / HIDDEN_FOLDER / "updates" / entry.name / entry.version

    def take_staged(self, entry: ModelEntry, files: Sequence[ModelFile]) -> None:
        """The new version takes the place of the earlier one. Raises OutputPathError, DiskFullError."""
        for file in files:
            target = self.folder / file.path
            with writing(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                publish.replace(self.staging(entry) / file.path, target)
            self.note(entry, file)

    def check_verified(self, path: Path, cancel: CancelToken | None = None) -> str:
        """The SHA-256 of the weights `path`, which a manifest knows. Raises WeightsUnverifiedError where none does, and
        ModelFileError.

        What was seen in the file earlier is believed as long as its size and time of change are the same.
        """
        receipts = [self._book.read(model.name) for model in self.catalogue.models]
        found = self._find_seen(path, receipts) or self._hash(path, None, cancel or CancelToken())
        hashes = {sha256 for receipt in receipts for sha256 in receipt.hashes.values()}
        if found.sha256 not in hashes and self.catalogue.find_by_hash(found.sha256) is None:
            raise WeightsUnverifiedError(path=str(path))
        return found.sha256

    @property
    def used_bytes(self) -> int:
        """What the models' files take, and what unfinished downloads do."""
        targets = [self.folder / file.path for model in self.catalogue.models for file in model.files]
        staged = [path for path in (self.folder / HIDDEN_FOLDER / "updates").rglob("*") if path.is_file()]
        return sum(size_on_disk(place) for place in [*targets, *find_leftovers(targets), *staged])

    def _status_of(self, entry: ModelEntry, receipt: Receipt) -> ModelStatus:
        return build_status(self.folder, entry, receipt, self.catalogue)

    def _settle(self, entry: ModelEntry, receipt: Receipt) -> Receipt:
        """Writes what is known now; where the model has become whole, of which version."""
        if all(look_at(self.folder, file, receipt).state is ModelState.INSTALLED for file in entry.files):
            hashes = {file.path: file.sha256 for file in entry.files}
            receipt = replace(receipt, version=entry.version, hashes=hashes)
        self._book.write(entry.name, receipt)
        return receipt

    def _list_readable(self, entry: ModelEntry, receipt: Receipt, is_full: bool) -> list[ModelFile]:
        """Files of any version that are there in that version's size: what is in the others need not be looked at."""
        chosen: dict[str, ModelFile] = {}
        for file in (file for model in self.catalogue.list_versions(entry.name) for file in model.files):
            with suppress(OSError):
                stat, seen = (self.folder / file.path).stat(), receipt.seen.get(file.path)
                is_due = is_full or seen is None or not seen.is_of(stat)
                if is_due and stat.st_size == file.size_bytes:
                    chosen.setdefault(file.path, file)
        return list(chosen.values())

    def _find_seen(self, path: Path, receipts: Sequence[Receipt]) -> SeenFile | None:
        with suppress(OSError, ValueError):
            name = path.absolute().relative_to(self.folder.absolute()).as_posix()
            stat = path.stat()
            every = (receipt.seen[name] for receipt in receipts if name in receipt.seen)
            return next((found for found in every if found.is_of(stat)), None)
        return None

    def _hash(self, path: Path, progress: ProgressSum | None, cancel: CancelToken) -> SeenFile:
        try:
            return see_file(path, progress.hashed if progress else lambda _: None, cancel)
        except OSError as error:
            raise ModelFileError(path=path, reason=error.strerror) from error

    def _remove_file(self, path: Path) -> int:
        """And the folders that it leaves empty."""
        with writing(path):
            size = size_on_disk(path)
            path.unlink(missing_ok=True)
            for folder in path.relative_to(self.folder).parents[:-1]:
                with suppress(OSError):  # something else is in it
                    (self.folder / folder).rmdir()
        return size


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns what goes wrong into OutputPathError or DiskFullError."""
    try:
        yield
    except OSError as error:
        raise publish.translate_output_error(path, error) from error
