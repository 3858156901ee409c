"""Videos that the archive alone has, sent from there in the pieces that a player asks for, without a copy here."""

from itertools import chain
from typing import Final
from urllib.parse import quote

from fastapi import Response
from fastapi.responses import StreamingResponse

from heygem.domain.errors import HeyGemError
from heygem.domain.library import ArchivedCopy
from heygem.library.catalogue import Library
from heygem.web.byte_range import ByteRange, read_range

NOT_ANSWERING: Final = 503


def send_copy(library: Library, copy: ArchivedCopy, asked: str | None) -> Response:
    """As `open_copy`; 503 where the archive does not answer."""
    try:
        return open_copy(library, copy, asked)
    except HeyGemError:
        return Response(status_code=NOT_ANSWERING)


def open_copy(library: Library, copy: ArchivedCopy, asked: str | None, name: str = "") -> Response:
    """`asked` is the request's Range: 416 for what is not in it. With a `name`, it is one to be saved by that.

    Raises as ArchiveStore.read does.
    """
    size_bytes = copy.size_bytes
    try:
        part = read_range(asked, size_bytes)
    except ValueError:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size_bytes}"})
    whole = ByteRange(0, size_bytes)
    wanted = part or whole
    chunks = library.read_copy(copy, wanted.start, wanted.end)
    first = next(chunks, b"")  # before the answer begins, so that it can say that there is none
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(wanted.end - wanted.start)}
    if part is not None:
        headers["Content-Range"] = part.describe(size_bytes)
    if name:
        headers["Content-Disposition"] = f"attachment; filename*=utf-8''{quote(name)}"
    status = 200 if part is None else 206
    return StreamingResponse(chain([first], chunks), status, headers, media_type="video/mp4")
