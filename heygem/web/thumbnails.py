"""Small pictures of the people in the list of jobs, each by an address of its own, so that a browser keeps them."""

from typing import Final

from fastapi import APIRouter, Response

from heygem.domain.errors import HeyGemError, JobNotFoundError
from heygem.domain.inspection import MediaKind
from heygem.jobs.queue import JobQueue

KEPT: Final = {"Cache-Control": "private, max-age=86400"}


def build_thumbnail_routes(queue: JobQueue) -> APIRouter:
    """`thumbnails/{job_id}.jpg`; 404 for what is not known or has no picture."""
    router = APIRouter(include_in_schema=False)

    @router.get("/thumbnails/{job_id}.jpg")
    def show(job_id: str) -> Response:
        picture = find_thumbnail(queue, job_id)
        return Response(picture, media_type="image/jpeg", headers=KEPT) if picture else Response(status_code=404)

    return router


def find_thumbnail(queue: JobQueue, job_id: str) -> bytes:
    """A JPEG, empty where there is none."""
    try:
        found = queue.find_inspection(queue.get_status(job_id).request.person, MediaKind.PERSON)
    except JobNotFoundError:
        return b""
    return b"" if found is None or isinstance(found, HeyGemError) else found.thumbnail
