"""Tells how a transfer goes, at most ten times a second."""

import time
from collections.abc import Callable
from typing import Final, TypeAlias

from heygem.domain.models import ModelFile, TransferPhase, TransferProgress
from heygem.downloads.transport.part_file import PartFile
from heygem.downloads.transport.source_board import SourceBoard
from heygem.downloads.transport.speed import SpeedMeter
from heygem.downloads.transport.work_list import WorkList

TransferSink: TypeAlias = Callable[[TransferProgress], None]
SHORTEST_PAUSE_S: Final = 0.1


class Reporter:
    """For one thread."""

    def __init__(self, wanted: ModelFile, sink: TransferSink) -> None:
        self._wanted = wanted
        self._sink = sink
        self._meter = SpeedMeter()
        self._last_at = 0.0
        self._last = TransferProgress(wanted.path, TransferPhase.WAITING, 0, wanted.size_bytes)

    def tell(self, phase: TransferPhase, done_bytes: int | None = None) -> None:
        """At once, with the rest as it was told last, and without a speed."""
        done = self._last.done_bytes if done_bytes is None else done_bytes
        self._send(TransferProgress(self._wanted.path, phase, done, self._wanted.size_bytes))

    def finish(self, board: SourceBoard) -> None:
        """The last event, with what came from where."""
        size_bytes, sources = self._wanted.size_bytes, board.measure(time.monotonic())
        self._send(TransferProgress(self._wanted.path, TransferPhase.DONE, size_bytes, size_bytes, sources=sources))

    def follow(self, part: PartFile, work: WorkList, board: SourceBoard) -> None:
        """Looks at what there is, and tells it where it is time to."""
        now = time.monotonic()
        if now - self._last_at < SHORTEST_PAUSE_S:
            return
        total = part.size_bytes
        done = min(total, part.done_bytes + work.unnoted_bytes())
        sources = board.measure(now)
        speed = self._meter.measure(sum(source.done_bytes for source in sources), now)
        phase = TransferPhase.TRANSFERRING if board.has_begun else TransferPhase.RESOLVING
        if part.is_complete and self._last.phase is phase:  # however fast it went, it is told that it did
            phase = TransferPhase.VERIFYING
        eta_s = (total - done) / speed if speed else None
        self._send(TransferProgress(self._wanted.path, phase, done, total, speed, eta_s, sources))

    def _send(self, progress: TransferProgress) -> None:
        self._last, self._last_at = progress, time.monotonic()
        self._sink(progress)
