"""Hashes a file from its beginning as far as it has come, while the rest still comes; finds the part that is wrong."""

import hashlib
from collections.abc import Callable
from typing import Final

from heygem.domain.models import ModelFile
from heygem.downloads.transport.part_file import ClosedError, PartFile

BLOCK_BYTES: Final = 1 << 20
STEP_BYTES: Final = 64 << 20  # without part hashes: as often a place is kept to go back to
WAIT_S: Final = 1.0


class Verifier:
    """One thread runs it, others ask for the digest."""

    def __init__(self, part: PartFile, wanted: ModelFile, on_wrong: Callable[[int, int, str, str], None]) -> None:
        """`on_wrong` is told of a part whose hash is wrong (start, end, found, expected), and must have it lost."""
        self._part = part
        self._parts = wanted.parts
        self._step = wanted.parts.part_bytes if wanted.parts else STEP_BYTES
        self._on_wrong = on_wrong
        self._position = 0
        self._whole = hashlib.sha256()
        self._piece = hashlib.sha256()
        self._places = [self._whole.copy()]  # the state before each step
        self.trouble: Exception | None = None

    def run(self) -> None:
        """Until the file is closed."""
        try:
            while self._part.is_open:
                self._part.sync_if_due()
                if end := self._find_end():
                    self._hash(end)
        except ClosedError:
            return
        except Exception as error:  # the disk's, or unforeseen: whoever waits for the digest must hear of it
            self.trouble = error

    @property
    def digest(self) -> str | None:
        """Of the whole file, once all of it has been hashed."""
        with self._part.changed:
            is_whole = self._position == self._part.size_bytes and self._part.is_settled
            return self._whole.hexdigest() if is_whole else None

    def _find_end(self) -> int | None:
        """As far as there is something to hash; waits a moment where there is nothing."""
        with self._part.changed:
            lost = self._part.take_lowest_lost()
            if lost is not None and lost < self._position:
                self._go_back(lost)
            end = self._part.end_of_run(self._position)
            if end > self._position:
                return end
            self._part.changed.wait(WAIT_S)
            return None

    def _go_back(self, lost: int) -> None:
        step = lost // self._step
        del self._places[step + 1 :]
        self._whole, self._piece = self._places[step].copy(), hashlib.sha256()
        self._position = step * self._step

    def _hash(self, end: int) -> None:
        step = self._position // self._step
        step_end = min((step + 1) * self._step, self._part.size_bytes)
        most = min(BLOCK_BYTES, min(end, step_end) - self._position)
        block = self._part.read(self._position, most)
        self._whole.update(block)
        if self._parts:
            self._piece.update(block)
        with self._part.changed:
            self._position += len(block)
            if self._position == step_end:
                self._places.append(self._whole.copy())
                self._check_piece(step, step_end)
            self._part.changed.notify_all()

    def _check_piece(self, step: int, end: int) -> None:
        found, self._piece = self._piece.hexdigest(), hashlib.sha256()
        if self._parts is None or self._part.is_verified(step * self._step, end):
            return
        if found == (expected := self._parts.sha256[step]):
            self._part.verify(step * self._step, end)
        else:
            self._on_wrong(step * self._step, end, found, expected)
