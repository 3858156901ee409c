"""The record beside a partial file: which ranges are in it, from which source, and which are on disk for sure.

One JSON object a line. A line says what has been written already, so a process that is killed at any moment leaves no
claim without its bytes. What the system has taken but not yet put on disk is lost with the power: after a start of the
machine only what a `synced` line claims counts.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from heygem.downloads.transport.ranges import Range, Ranges

VERSION: Final = 1
BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


@dataclass
class Record:
    """`origins` says which source each range came from, `etags` what that source called the file then."""

    origins: dict[str, Ranges] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    verified: Ranges = field(default_factory=Ranges)  # the parts whose hashes were right

    @property
    def done(self) -> Ranges:
        return Ranges(range_ for ranges in self.origins.values() for range_ in ranges)

    def add(self, start: int, end: int, origin: str) -> None:
        self.remove(start, end)
        self.origins.setdefault(origin, Ranges()).add(start, end)

    def remove(self, start: int, end: int) -> None:
        for ranges in (*self.origins.values(), self.verified):
            ranges.remove(start, end)

    def keep(self, trusted: Ranges) -> None:
        """Forgets all but `trusted`."""
        self.origins = {origin: ranges.intersection(trusted) for origin, ranges in self.origins.items()}
        self.verified = self.verified.intersection(trusted)


class Journal:
    """For several threads: a line is one write."""

    def __init__(self, path: Path, identity: str, size_bytes: int) -> None:
        """`identity` names the file that is fetched: what is recorded of another one does not count."""
        self._path = path
        self._identity = identity
        self._size_bytes = size_bytes
        self._file = -1

    def read(self) -> Record:
        """What is claimed by a journal that is there; nothing where there is none, or one of another file."""
        try:
            head, *lines = _read_lines(self._path) or [{}]
        except OSError:
            return Record()
        record, synced = Record(), Ranges()
        if {**head, "boot": ""} != {**self._head(), "boot": ""}:
            return record
        with suppress(ValueError, TypeError):  # a line that says nothing, and what comes after it
            for line in lines:
                self._apply(line, record, synced)
        boot = read_boot_id()
        if not boot or head.get("boot") != boot:
            record.keep(synced)
        return record

    def start(self, record: Record) -> None:
        """Puts a new journal in the old one's place, which claims `record`. Its bytes must be on disk by now."""
        lines = [self._head()]
        lines += [{"etag": etag, "from": origin} for origin, etag in record.etags.items()]
        lines += [{"wrote": range_, "from": origin} for origin, ranges in record.origins.items() for range_ in ranges]
        lines += [{"verified": range_} for range_ in record.verified]
        lines.append({"synced": list(record.done)})
        fresh = self._path.with_name(f"{self._path.name}.new")
        self._file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
        self._append(*lines)
        self.sync()
        fresh.replace(self._path)

    def wrote(self, start: int, end: int, origin: str) -> None:
        self._append({"wrote": (start, end), "from": origin})

    def lost(self, start: int, end: int) -> None:
        self._append({"lost": (start, end)})

    def named(self, origin: str, etag: str) -> None:
        self._append({"etag": etag, "from": origin})

    def verified(self, start: int, end: int) -> None:
        self._append({"verified": (start, end)})

    def synced(self, ranges: Iterable[Range]) -> None:
        """`ranges` were on disk before this was called."""
        self._append({"synced": list(ranges)})

    def sync(self) -> None:
        """Waits until it is on disk itself. It may be closed meanwhile."""
        with suppress(OSError):  # it has been; or such a file system does not do that
            file = os.dup(self._file)
            try:
                os.fsync(file)
            finally:
                os.close(file)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _head(self) -> dict[str, Any]:
        return {"version": VERSION, "identity": self._identity, "size": self._size_bytes, "boot": read_boot_id()}

    def _append(self, *lines: dict[str, Any]) -> None:
        content = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        written = os.write(self._file, content)
        if written < len(content):  # the disk is full: what is missing says so
            os.write(self._file, content[written:])

    def _apply(self, line: dict[str, Any], record: Record, synced: Ranges) -> None:
        match line:
            case {"wrote": [start, end], "from": str(origin)}:
                record.add(*self._checked(start, end), origin)
            case {"lost": [start, end]}:
                record.remove(*self._checked(start, end))
                synced.remove(start, end)
            case {"synced": list(ranges)}:
                for start, end in ranges:
                    synced.add(*self._checked(start, end))
            case {"etag": str(etag), "from": str(origin)}:
                record.etags[origin] = etag
            case {"verified": [start, end]}:
                record.verified.add(*self._checked(start, end))
            case _:
                raise ValueError(line)

    def _checked(self, start: object, end: object) -> Range:
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= self._size_bytes:
            raise ValueError(start, end)
        return start, end


def read_boot_id() -> str:
    """Another one after each start of the machine; empty where the system does not tell."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _read_lines(path: Path) -> list[dict[str, Any]]:
    """The lines up to the first that was not written to its end, or is no JSON object. Raises OSError."""
    lines = []
    for line in path.read_bytes().split(b"\n")[:-1]:
        try:
            content = json.loads(line)
        except ValueError:
            break
        if not isinstance(content, dict):
            break
        lines.append(content)
    return lines
