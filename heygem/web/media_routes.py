"""Finished videos by addresses of their own: the video, its picture, the record of its making, and many as one ZIP."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from heygem.domain.errors import HeyGemError
from heygem.domain.library import ArchivedCopy, OutputKind
from heygem.domain.output_query import OutputOrder
from heygem.library.catalogue import Library
from heygem.library.copies import KeyFamily
from heygem.pipeline.sidecar import sidecar_path
from heygem.web.archived_media import send_copy
from heygem.web.history_query import ANY, Filters, Shelf, read_now

KEPT: Final = {"Cache-Control": "private, max-age=86400"}
EMPTY_BYTES: Final = 22  # of a ZIP that holds nothing
NO_CONTENT: Final = 204  # a browser stays on its page


def build_media_routes(library: Library) -> APIRouter:
    """`media/{output_id}.mp4`, `.jpg`, `.sheet.jpg` and `.json`, or 404; `chosen.zip`, `matching.zip`."""
    router = APIRouter(prefix="/media", include_in_schema=False)

    @router.get("/matching.zip")
    def zip_matching(
        words: str = "",
        shelf: Shelf = Shelf.PRESENT,
        kind: OutputKind | Literal["*"] = "*",
        owner: str = ANY,
        project: str = ANY,
        days: Annotated[int, Query(ge=0)] = 0,
        min_mb: Annotated[int, Query(ge=0)] = 0,
        order: OutputOrder = OutputOrder.NEWEST,
    ) -> Response:
        filters = Filters(words, shelf, kind, owner, project, days, min_mb, order)
        return send_zip(library, library.find_ids(filters.to_query(read_now())))

    @router.post("/chosen.zip")
    def zip_chosen(keys: Annotated[str, Form()]) -> Response:
        return send_zip(library, keys.split(","))

    @router.get("/{output_id}.mp4")
    def show_video(output_id: str, request: Request) -> Response:
        """With range requests."""
        try:
            content = library.get_content(output_id)
        except HeyGemError:
            return Response(status_code=404)
        if isinstance(content, ArchivedCopy):
            return send_copy(library, content, request.headers.get("range"))
        return FileResponse(content, media_type="video/mp4")

    @router.get("/{output_id}.sheet.jpg")
    def show_sheet(output_id: str) -> Response:
        try:
            return FileResponse(library.contact_sheet(output_id), media_type="image/jpeg", headers=KEPT)
        except HeyGemError:
            return Response(status_code=404)

    @router.get("/{output_id}.jpg")
    def show_picture(output_id: str) -> Response:
        try:
            return FileResponse(library.thumbnail(output_id), media_type="image/jpeg", headers=KEPT)
        except HeyGemError:
            return Response(status_code=404)

    @router.get("/{output_id}.json")
    def show_record(output_id: str) -> Response:
        try:
            content = library.get_content(output_id)
        except HeyGemError:
            return Response(status_code=404)
        if isinstance(content, ArchivedCopy):
            data = library.read_beside(KeyFamily(content.key).sidecar)
            return Response(data, media_type="application/json") if data is not None else Response(status_code=404)
        record = sidecar_path(content)
        is_there = record.is_file() and not record.is_symlink()
        return FileResponse(record, media_type="application/json") if is_there else Response(status_code=404)

    return router


def send_zip(library: Library, ids: list[str]) -> Response:
    """Made while it is sent; nothing where none of the videos is there."""
    made = library.stream_zip(ids)
    if made.size_bytes <= EMPTY_BYTES:
        return Response(status_code=NO_CONTENT)
    named = f'attachment; filename="{made.filename}"'  # of digits and Latin letters alone
    headers = {"Content-Disposition": named, "Content-Length": str(made.size_bytes)}
    return StreamingResponse(made.chunks, media_type="application/zip", headers=headers)
