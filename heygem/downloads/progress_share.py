"""How far a download has come, told to other processes that wait for the same model."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from heygem.domain.errors import DiskFullError, OutputPathError
from heygem.domain.models import ModelEntry, ModelProgress, TransferPhase
from heygem.downloads.json_file import read_json, write_json
from heygem.downloads.progress_sum import ModelSink
from heygem.downloads.receipts import HIDDEN_FOLDER

EVERY_S: Final = 1.0


class ProgressShare:
    """Of one model: a small file in the models' folder while a download is under way."""

    def __init__(self, models_folder: Path, model: str) -> None:
        self._path = models_folder / HIDDEN_FOLDER / "progress" / f"{model}.json"

    def read(self, entry: ModelEntry) -> ModelProgress:
        """What the other process told last; nothing done where it told nothing."""
        told = read_json(self._path)
        done, total = told.get("done_bytes"), told.get("total_bytes")
        speed, eta_s = told.get("speed"), told.get("eta_s")
        return ModelProgress(
            entry.name,
            TransferPhase.WAITING,
            done if isinstance(done, int) else 0,
            total if isinstance(total, int) else entry.size_bytes,
            speed if isinstance(speed, int | float) else 0.0,
            eta_s if isinstance(eta_s, int | float) else None,
        )

    @contextlib.contextmanager
    def shared(self, sink: ModelSink) -> Iterator[ModelSink]:
        """`sink`, whose progress the others see, too."""
        told_at = 0.0

        def tell(progress: ModelProgress) -> None:
            nonlocal told_at
            sink(progress)
            if time.monotonic() - told_at < EVERY_S:
                return
            told_at = time.monotonic()
            with contextlib.suppress(DiskFullError, OutputPathError):  # the download itself will say it
                write_json(self._path, _describe(progress), is_lasting=False)

        try:
            yield tell
        finally:
            self.clear()

    def clear(self) -> None:
        """What a process told that was killed is of no use."""
        with contextlib.suppress(OSError):
            self._path.unlink()


def _describe(progress: ModelProgress) -> dict[str, object]:
    return {
        "done_bytes": progress.done_bytes,
        "total_bytes": progress.total_bytes,
        "speed": progress.speed,
        "eta_s": progress.eta_s,
    }
