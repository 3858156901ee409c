"""The progress of a model's files as one."""

import time
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from heygem.domain.models import ModelEntry, ModelFile, ModelProgress, TransferPhase, TransferProgress

ModelSink: TypeAlias = Callable[[ModelProgress], None]
_LONG_ENOUGH_S: Final = 0.5  # for a pace that is worth telling


class ProgressSum:
    """Of the files that one piece of work goes over, one after the other."""

    def __init__(
        self,
        entry: ModelEntry,
        files: Sequence[ModelFile],
        sink: ModelSink,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = entry.name
        self._total = sum(file.size_bytes for file in files)
        self._sink = sink
        self._now = now
        self._before = 0
        self._file: ModelFile | None = None
        self._hashed = 0
        self._began = 0.0

    def begin(self, file: ModelFile) -> None:
        if self._file is not None:
            self._before += self._file.size_bytes
        self._file, self._hashed, self._began = file, 0, self._now()

    def transferred(self, progress: TransferProgress) -> None:
        rest = self._total - self._before - progress.total_bytes
        eta_s = progress.eta_s
        if eta_s is not None and progress.speed > 0:
            eta_s += rest / progress.speed
        phase = TransferPhase.VERIFYING if progress.phase is TransferPhase.DONE else progress.phase
        self._send(phase, progress.done_bytes, progress.speed, eta_s, progress)

    def hashed(self, count: int) -> None:
        """So many more bytes of the file have been looked at."""
        assert self._file is not None
        self._hashed += count
        took = self._now() - self._began
        speed = self._hashed / took if took > _LONG_ENOUGH_S else 0.0
        left = self._total - self._before - self._hashed
        self._send(TransferPhase.VERIFYING, self._hashed, speed, left / speed if speed else None)

    def end(self) -> None:
        self._sink(ModelProgress(self._model, TransferPhase.DONE, self._total, self._total))

    def _send(
        self, phase: TransferPhase, done: int, speed: float, eta_s: float | None, told: TransferProgress | None = None
    ) -> None:
        assert self._file is not None
        sources = told.sources if told else ()
        done = min(self._total, self._before + done)
        self._sink(ModelProgress(self._model, phase, done, self._total, speed, eta_s, sources, self._file.path))
