"""Many finished videos as one ZIP that is made while it is sent: no copy on disk, no file in memory."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import Final

from zipstream import ZipStream

from heygem.domain.errors import HeyGemError
from heygem.domain.library import ArchivedCopy
from heygem.library.copies import Copies

READ_BYTES: Final = 1024**2


@dataclass(frozen=True)
class ZipFile:
    """`size_bytes` is what `chunks` will come to."""

    filename: str
    size_bytes: int
    chunks: Iterator[bytes]


class ZipStreams(Copies):
    def stream_zip(self, ids: Sequence[str]) -> ZipFile:
        """Stored as they are, in the order of `ids`, each under its file's name, numbered where that comes again.

        What is in the archive alone comes from there, what is nowhere is left out. A file that goes into the trash or
        the archive meanwhile is still sent; one that is removed for good raises ResultGoneError in the middle, which
        breaks the download off, and so does an archive that does not answer.
        """
        stream, names = ZipStream(sized=True), set[str]()
        for output_id in dict.fromkeys(ids):
            try:
                content = self.get_content(output_id)
                size = content.size_bytes if isinstance(content, ArchivedCopy) else content.stat().st_size
            except (HeyGemError, OSError):
                continue
            stream.add(self._read(output_id, size), _unique(_name_of(content), names), size=size)
        return ZipFile(f"heygem_{datetime.now():%Y-%m-%d_%H%M%S}.zip", len(stream), iter(stream))

    def _read(self, output_id: str, size_bytes: int) -> Iterator[bytes]:
        """The first `size_bytes`, wherever they lie by now."""
        content, left = self.get_content(output_id), size_bytes
        if isinstance(content, ArchivedCopy):
            yield from self.read_copy(content, 0, size_bytes)
            return
        with content.open("rb") as file:
            while left and (chunk := file.read(min(READ_BYTES, left))):
                left -= len(chunk)
                yield chunk


def _name_of(content: Path | ArchivedCopy) -> str:
    return PurePosixPath(content.key).name if isinstance(content, ArchivedCopy) else content.name


def _unique(name: str, taken: set[str]) -> str:
    """`name`, numbered where it is taken in any case, as Windows has it; adds it to `taken`."""
    path = PurePosixPath(unicodedata.normalize("NFC", name))
    numbered = (path.with_stem(f"{path.stem}_{number}").name for number in count(2))
    free = next(one for one in chain([path.name], numbered) if one.casefold() not in taken)
    taken.add(free.casefold())
    return free
