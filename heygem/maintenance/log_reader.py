"""Reads the log back, newest first: the file that is written to, then those that were put aside, packed or not.

Knows the lines of config.logs.UtcFormatter; what follows one without a time of its own (a traceback) belongs to it.
"""

import gzip
import os
import re
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from heygem.config.logs import FILE_NAME

BLOCK: Final = 1 << 16  # bytes
IN_MEMORY: Final = 32 * 1024**2  # bytes of a log that was packed; a larger one is unpacked on the disk
LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LONGEST: Final = 20_000  # characters of one entry that are told
_HEAD: Final = re.compile(
    rb"(\d{4}-\d\d-\d\dT[\d:.]+Z) (DEBUG|INFO|WARNING|ERROR|CRITICAL) ([\w.]+)(?: \[([^\]]*)\])?: "
)


@dataclass(frozen=True)
class LogEntry:
    """`key` is another for each entry of a log. `process` is empty for the page's and a command's."""

    key: str
    at: datetime
    level: str
    logger: str
    process: str
    text: str


@dataclass(frozen=True)
class LogFilter:
    """What is at least of `level` and has all of `words` somewhere, in any case."""

    level: str = "DEBUG"
    words: str = ""

    def admits(self, entry: bytes) -> bool:
        head = _HEAD.match(entry)
        if head is None or _rank(head[2].decode()) < _rank(self.level):
            return False
        if not self.words:
            return True
        text = entry.decode(errors="replace").casefold()
        return all(word in text for word in self.words.casefold().split())


@dataclass(frozen=True)
class LogPosition:
    """How far a log has been read: which file, by its inode and the time of its making, and up to which byte."""

    file: str = ""
    end: int = 0


@dataclass(frozen=True)
class LogPage:
    """`entries` newest first. `back_to` is where an unfinished search has got to; None where all was searched."""

    entries: tuple[LogEntry, ...]
    position: LogPosition
    back_to: datetime | None = None


def read_log(folder: Path, wanted: LogFilter, limit: int, budget_s: float) -> LogPage:
    """The newest `limit` entries that `wanted` admits, looked for `budget_s` long."""
    stop_at = time.monotonic() + budget_s
    found: list[LogEntry] = []
    position = LogPosition()
    for path in _list_files(folder):
        try:
            file = _open(path)
        except FileNotFoundError:  # it has just been put aside or packed: the next reading finds it
            continue
        with file:
            name, end = _identify(path, file)
            if path.name == FILE_NAME:
                position = LogPosition(name, end)
            for start, entry in _read_back(file, end):
                if wanted.admits(entry):
                    found.append(_parse(f"{name}-{start}", entry))
                    if len(found) == limit:
                        return LogPage(tuple(found), position)
                if time.monotonic() > stop_at:
                    return LogPage(tuple(found), position, _parse("", entry).at)
    return LogPage(tuple(found), position)


def follow_log(folder: Path, wanted: LogFilter, since: LogPosition) -> LogPage | None:
    """What was written after `since`; None where the log has been put aside meanwhile and must be read anew."""
    try:
        file = _open(folder / FILE_NAME)
    except FileNotFoundError:
        return LogPage((), since) if not since.file else None
    with file:
        name, end = _identify(folder / FILE_NAME, file)
        if name != since.file or end < since.end:
            return None
        fresh = [
            _parse(f"{name}-{start}", entry)
            for start, entry in _read_back(file, end, since.end)
            if wanted.admits(entry)
        ]
    return LogPage(tuple(fresh), LogPosition(name, end))


def _list_files(folder: Path) -> list[Path]:
    """Newest first; of one that is being packed, the whole one."""
    aside = {path.name.partition(".log")[0]: path for path in sorted(folder.glob("heygem-*.log.gz"))}
    aside |= {path.stem: path for path in folder.glob("heygem-*.log")}
    current = folder / FILE_NAME
    return [current] * current.is_file() + [aside[name] for name in sorted(aside, reverse=True)]


def _is_packed(path: Path) -> bool:
    return path.suffix == ".gz"


def _open(path: Path) -> IO[bytes]:
    """What is packed can only be read from its beginning, so it is unpacked; of a damaged one, what comes before."""
    if not _is_packed(path):
        return path.open("rb")
    with gzip.open(path, "rb") as packed:
        unpacked = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - whoever asked closes it
        with suppress(OSError, EOFError, zlib.error):
            unpacked.writelines(iter(lambda: packed.read1(BLOCK), b""))
    return unpacked


def _identify(path: Path, file: IO[bytes]) -> tuple[str, int]:
    """A name for the file that it keeps while it grows, and the bytes of its whole lines."""
    end = _whole_lines(file)
    if _is_packed(path):
        return path.name.partition(".")[0], end
    file.seek(0)
    return f"{os.fstat(file.fileno()).st_ino:x}{zlib.crc32(file.read(24)):x}", end


def _whole_lines(file: IO[bytes]) -> int:
    """Up to the last line's end: a line may be on its way."""
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - BLOCK)
    file.seek(start)
    return start + file.read(size - start).rfind(b"\n") + 1


def _read_back(file: IO[bytes], end: int, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """The entries between two bytes, the last first, each with where it begins."""
    pending, place = b"", end
    while place > start:
        step = min(BLOCK, place - start)
        place -= step
        file.seek(place)
        pending = file.read(step) + pending
        heads = [head.start() for head in re.finditer(rb"(?m)^" + _HEAD.pattern, pending)]
        if place > start:  # what begins in this block may begin before it
            heads = [head for head in heads if head]
        stop = len(pending)
        for head in reversed(heads):
            yield place + head, pending[head:stop].rstrip(b"\n")
            stop = head
        pending = pending[:stop]


def _parse(key: str, entry: bytes) -> LogEntry:
    head = _HEAD.match(entry)
    assert head is not None
    at, level, logger, process = (part.decode(errors="replace") if part else "" for part in head.groups())
    text = entry[head.end() :].decode(errors="replace")[:LONGEST]
    return LogEntry(key, datetime.fromisoformat(at), level, logger, process, text)


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else len(LEVELS)
