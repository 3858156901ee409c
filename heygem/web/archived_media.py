"""Videos that the archive alone has, sent from there in the pieces that a player asks for, without a copy here."""

from itertools import chain
from typing import Final

from fastapi import Response
from fastapi.responses import StreamingResponse

from heygem.domain.errors import HeyGemError
from heygem.domain.library import ArchivedCopy
from heygem.library.catalogue import Library
from heygem.web.byte_range import ByteRange, read_range

NOT_ANSWERING: Final = 503


def send_copy(library: Library, copy: ArchivedCopy, asked: str | None) -> Response:
    """`asked` is the request's Range. 416 for what is not in it, 503 where the archive does not answer."""
    size_bytes = copy.size_bytes
    try:
        part = read_range(asked, size_bytes)
    except ValueError:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size_bytes}"})
    whole = ByteRange(0, size_bytes)
    wanted = part or whole
    chunks = library.read_copy(copy, wanted.start, wanted.end)
    try:
        first = next(chunks, b"")  # before the answer begins, so that it can say that there is none
    except HeyGemError:
        return Response(status_code=NOT_ANSWERING)
    headers = {"Accept-Ranges": "bytes", "Content-Length": str(wanted.end - wanted.start)}
    if part is not None:
        headers["Content-Range"] = part.describe(size_bytes)
    status = 200 if part is None else 206
    return StreamingResponse(chain([first], chunks), status, headers, media_type="video/mp4")
