"""Whose bytes were wrong, when a file or a part of it is not what was wanted. Has fetched again what must be."""

from collections import Counter, defaultdict
from typing import Final

from heygem.domain.model_errors import ChecksumError
from heygem.domain.models import ModelFile
from heygem.downloads.transport.part_file import PartFile
from heygem.downloads.transport.source_board import SourceBoard

MOST_WRONG_PARTS: Final = 2  # of one source, then it is not asked any more


class Culprit:
    """Without part hashes it goes by elimination: a suspect's share is fetched from the others, to see whether the file
    is right then.
    """

    def __init__(self, part: PartFile, board: SourceBoard, wanted: ModelFile, attempts: int) -> None:
        """After so many `attempts` for each source, at one part or at the whole, it is given up."""
        self._part = part
        self._board = board
        self._wanted = wanted
        self._most_tries = self._wholes_left = attempts * len(board.left())
        self._tries: Counter[int] = Counter()
        self._suspicion: defaultdict[str, float] = defaultdict(float)
        self._seen: set[str] = set()

    def judge_part(self, start: int, end: int, found: str, expected: str) -> None:
        """Raises ChecksumError for a part that is wrong time after time."""
        origins = list(self._part.origins_of(start, end))
        self._part.lose(start, end)
        self._tries[start] += 1
        for origin in origins:
            self._suspicion[origin] += 1 / len(origins)
        if self._tries[start] >= self._most_tries:
            raise self._error(found, expected)
        if len(origins) == 1:
            if self._board.blame(origins[0], MOST_WRONG_PARTS):
                self._board.absolve()
        elif self._tries[start] > 1:  # of two wrong ones, both with bytes of several: from fewer, to see whose they are
            self._board.bar(max(origins, key=self._suspicion.__getitem__))

    def judge_whole(self, found: str) -> None:
        """Raises ChecksumError where nobody has the file that is wanted."""
        self._wholes_left -= 1
        shares = self._part.origins_of(0, self._part.size_bytes)
        if not shares:  # an empty file
            raise self._error(found, self._wanted.sha256)
        suspect = min(shares, key=lambda origin: (self._board.is_known(origin), shares[origin]))
        is_sure = len(shares) == 1
        if is_sure and not self._board.has_others(suspect) and found in self._seen:
            raise self._error(found, self._wanted.sha256)  # the only one there is has another file
        if self._wholes_left <= 0:
            raise self._error(found, self._wanted.sha256)
        if is_sure:
            self._seen.add(found)
            self._board.convict(suspect)
        else:
            self._board.bar(suspect)
        self._part.lose_origin(suspect)

    def _error(self, found: str, expected: str) -> ChecksumError:
        return ChecksumError(name=self._wanted.path, expected=expected, found=found)
