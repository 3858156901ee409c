"""What of a file a browser asks for: the header Range of RFC 9110, section 14, as far as players use it. Pure."""

import re
from dataclasses import dataclass
from typing import Final

_ONE: Final = re.compile(r"bytes=(\d*)-(\d*)", re.IGNORECASE)


@dataclass(frozen=True)
class ByteRange:
    """From `start` up to but without `end`."""

    start: int
    end: int

    def describe(self, size_bytes: int) -> str:
        """As the header Content-Range has it."""
        return f"bytes {self.start}-{self.end - 1}/{size_bytes}"


def read_range(header: str | None, size_bytes: int) -> ByteRange | None:
    """None for all of it: also where several ranges are asked for, or nothing that can be understood, as the standard
    allows. Raises ValueError where none of what is asked for is there.
    """
    asked = _ONE.fullmatch((header or "").strip())
    if asked is None or asked.groups() == ("", ""):
        return None
    first, last = asked.groups()
    if not first:
        start, end = max(0, size_bytes - int(last)), size_bytes
    else:
        start, end = int(first), min(size_bytes, int(last) + 1) if last else size_bytes
        if last and int(last) < start:
            return None
    if start >= size_bytes:
        raise ValueError(f"{header} of {size_bytes} bytes")
    return ByteRange(start, end)
