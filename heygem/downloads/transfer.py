"""Fetches one file from its sources. Speaks HTTP; knows nothing of manifests, models, or where links come from."""

import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from filelock import FileLock, Timeout

from heygem.domain.errors import CancelledError, HeyGemError
from heygem.domain.model_errors import ChecksumError, DownloadFailedError, SourceError, SourceProblem
from heygem.domain.models import ModelFile, TransferPhase
from heygem.domain.progress import CancelToken
from heygem.downloads.link import LinkSource
from heygem.downloads.transport.connection import READ_BYTES, Connection, Shared
from heygem.downloads.transport.culprit import Culprit
from heygem.downloads.transport.disk_room import check_room, translate_write_error
from heygem.downloads.transport.part_file import PartFile
from heygem.downloads.transport.partial import discard_partial
from heygem.downloads.transport.reporter import Reporter, TransferSink
from heygem.downloads.transport.source_board import SourceBoard
from heygem.downloads.transport.speed import SpeedLimit
from heygem.downloads.transport.verifier import Verifier
from heygem.downloads.transport.work_list import WorkList
from heygem.media.content_hash import hash_file

TICK_S: Final = 0.1
ROOM_EVERY_S: Final = 2.0
GOODBYE_S: Final = 0.5  # for connections to end; one that is waiting for a server is left to itself
MOST_SOURCES_FULLY_USED: Final = 2
EARLIER: Final = "(the file that was there)"  # where bytes came from; no host is called so
PAGE_SUFFIXES: Final = frozenset({".html", ".htm", ".xhtml"})


@dataclass(frozen=True)
class TransferRules:
    """`connections` to each source, and for one file no more than two sources have. `stall_s` is for how long a
    connection may bring nothing, `attempts` how often a source may fail in a row before it is dropped, `first_wait_s`
    how long it is left alone after the first time. What is written is recorded every `chunk_bytes` of a connection: no
    more than that is fetched again after the process has been killed. `disk_reserve_bytes` stay free. `proxy` None
    means: as the environment says.
    """

    connections: int = 16
    connect_timeout_s: float = 10.0
    stall_s: float = 30.0
    attempts: int = 8
    first_wait_s: float = 0.5
    max_bytes_per_s: int | None = None
    disk_reserve_bytes: int = 256 * 1024**2
    chunk_bytes: int = 1024**2
    proxy: str | None = None


def transfer(
    wanted: ModelFile,
    sources: Sequence[LinkSource],
    target: Path,
    rules: TransferRules,
    sink: TransferSink,
    cancel: CancelToken,
) -> None:
    """Puts the file `wanted` under `target` (its final name), resumed from what lies beside it.

    Raises DownloadFailedError, ChecksumError, DownloadDiskFullError, OutputPathError, CancelledError; after all but
    ChecksumError what has been fetched is kept. What is under `target` stays until the new file is whole and right.
    """
    reporter = Reporter(wanted, sink)
    try:
        with _alone(target, reporter, cancel):
            if _is_there(wanted, target, reporter, cancel):
                reporter.tell(TransferPhase.DONE, wanted.size_bytes)
            else:
                _Transfer(wanted, sources, target, rules, reporter).run(cancel)
    except CancelledError:
        reporter.tell(TransferPhase.PAUSED)
        raise
    except HeyGemError:
        reporter.tell(TransferPhase.FAILED)
        raise


@contextmanager
def _alone(target: Path, reporter: Reporter, cancel: CancelToken) -> Iterator[None]:
    """Nobody else fetches the same file while the block runs. Waits until that is so."""
    path = target.with_name(f"{target.name}.part.lock")
    lock = FileLock(path, thread_local=False)
    while not _acquire(lock, target):
        cancel.check()
        reporter.tell(TransferPhase.WAITING)
        time.sleep(TICK_S)
    try:
        yield
    finally:
        with suppress(OSError):  # who waits for it looks whether it is still there
            path.unlink()
        lock.release()


def _acquire(lock: FileLock, target: Path) -> bool:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0.0)
    except Timeout:
        return False
    except OSError as error:
        raise translate_write_error(target, error) from error
    return True


def _is_there(wanted: ModelFile, target: Path, reporter: Reporter, cancel: CancelToken) -> bool:
    """Whether the right file has its name already; another process may just have fetched it."""
    if wanted.size_bytes == 0 or not target.is_file() or target.stat().st_size != wanted.size_bytes:
        return False
    reporter.tell(TransferPhase.VERIFYING, wanted.size_bytes)
    return hash_file(target, cancel) == wanted.sha256


class _Transfer:
    def __init__(
        self, wanted: ModelFile, sources: Sequence[LinkSource], target: Path, rules: TransferRules, reporter: Reporter
    ) -> None:
        self._wanted = wanted
        self._target = target
        self._rules = rules
        self._reporter = reporter
        most = rules.connections * min(MOST_SOURCES_FULLY_USED, max(1, len(sources)))
        self._workers = max(1, min(most, math.ceil(wanted.size_bytes / rules.chunk_bytes)))
        self._over = threading.Event()
        self._part = PartFile(wanted, target)
        self._work = WorkList(self._part, self._workers, rules.chunk_bytes)
        self._board = SourceBoard(sources, rules.connections, rules.attempts, rules.first_wait_s)
        self._culprit = Culprit(self._part, self._board, wanted, rules.attempts)
        self._verifier = Verifier(self._part, wanted, self._culprit.judge_part)

    def run(self, cancel: CancelToken) -> None:
        try:
            self._check_room()
            self._reuse(cancel)
            with self._client() as client:
                shared = self._share(client)
                connections = [Connection(shared) for _ in range(self._workers)]
                threads = self._start([connection.run for connection in connections] + [self._verifier.run])
                try:
                    self._watch(connections, cancel)
                finally:
                    self._end(threads)
            self._part.publish()
            self._reporter.finish(self._board)
        except ChecksumError:
            self._part.close()
            discard_partial(self._target)
            raise
        finally:
            self._part.close()

    def _watch(self, connections: Sequence[Connection], cancel: CancelToken) -> None:
        """Until the file is there and right."""
        room_at = time.monotonic()
        while True:
            with self._part.changed:
                self._part.changed.wait_for(lambda: self._verifier.digest is not None, TICK_S)
            cancel.check()
            for trouble in (self._verifier.trouble, *(connection.trouble for connection in connections)):
                if trouble is not None:
                    raise trouble
            self._reporter.follow(self._part, self._work, self._board)
            digest = self._verifier.digest
            if digest == self._wanted.sha256:
                return
            if digest is not None:
                self._culprit.judge_whole(digest)
            if time.monotonic() - room_at > ROOM_EVERY_S:
                room_at = time.monotonic()
                # Half the reserve, since others may have written a little since it was found to be there.
                check_room(self._target, 0, self._rules.disk_reserve_bytes // 2)
            if self._board.is_exhausted and not self._part.is_complete and not self._board.absolve():
                none = SourceError(source=self._wanted.path, reason=SourceProblem.NO_SOURCE)
                raise DownloadFailedError(name=self._wanted.path, reasons=self._board.reasons() or (none,))

    def _reuse(self, cancel: CancelToken) -> None:
        """Begins with a damaged file that has the name already, where its good parts can be told from the bad ones."""
        is_of_use = self._wanted.parts is not None and self._part.done_bytes == 0
        if not is_of_use or not self._target.is_file() or self._target.stat().st_size != self._wanted.size_bytes:
            return
        with suppress(OSError), self._target.open("rb") as earlier:  # what cannot be read is fetched
            while block := earlier.read(READ_BYTES):
                cancel.check()
                start = earlier.tell() - len(block)
                self._part.write(start, memoryview(block))
                self._part.note(start, earlier.tell(), EARLIER, "")

    def _check_room(self) -> None:
        needed = max(0, self._wanted.size_bytes - self._part.disk_bytes)
        check_room(self._target, needed, self._rules.disk_reserve_bytes)

    def _client(self) -> httpx.Client:
        """One connection a request, as many as there are threads. Raises DownloadFailedError for a proxy of no use."""
        timeout = httpx.Timeout(self._rules.stall_s, connect=self._rules.connect_timeout_s, pool=None)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=self._workers)
        try:
            return httpx.Client(timeout=timeout, limits=limits, proxy=self._rules.proxy, follow_redirects=False)
        except (ValueError, ImportError) as error:
            reasons = (SourceError(source="proxy", reason=str(error)),)
            raise DownloadFailedError(name=self._wanted.path, reasons=reasons) from error

    def _share(self, client: httpx.Client) -> Shared:
        return Shared(
            client,
            self._part,
            self._work,
            self._board,
            SpeedLimit(self._rules.max_bytes_per_s),
            self._over,
            self._rules.stall_s,
            self._rules.chunk_bytes,
            may_be_page=self._target.suffix.lower() in PAGE_SUFFIXES,
        )

    def _start(self, works: Sequence[Callable[[], None]]) -> list[threading.Thread]:
        threads = [threading.Thread(target=work, name="download", daemon=True) for work in works]
        for thread in threads:
            thread.start()
        return threads

    def _end(self, threads: Sequence[threading.Thread]) -> None:
        self._over.set()
        deadline = time.monotonic() + GOODBYE_S
        for thread in threads[:-1]:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._part.close()
        threads[-1].join(max(0.0, deadline - time.monotonic()))
