"""Jobs under /api/v1: submitted, listed, watched, changed, and their results."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Final, TypeAlias

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from heygem.domain.errors import ResultGoneError
from heygem.domain.job import JobState, JobStatus
from heygem.domain.library import ArchivedCopy
from heygem.jobs.inputs import InputStore
from heygem.jobs.queue import JobQueue
from heygem.library.catalogue import Library
from heygem.library.copies import KeyFamily
from heygem.web.archived_media import open_copy
from heygem.web.finished import get_finished
from heygem.web.rest.actions import Act, add_actions
from heygem.web.rest.errors import Responses, document, find_field, link
from heygem.web.rest.form import Form, receive_form
from heygem.web.rest.intake import Intake
from heygem.web.rest.orders import Action, Id, JobChange, JobOrder, Key, Label, NamedJobOrder, form_schema
from heygem.web.rest.views import JobList, JobView, view_job
from heygem.web.uploads import MAX_BYTES

FILES: Final = ("person", "voice")
SUBMISSION: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": form_schema()},
            "application/json": {"schema": NamedJobOrder.model_json_schema()},
        },
    }
}
VIDEO: Final[dict[str, Any]] = {"content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}}}
TAKEN: Final[Responses] = {
    200: {"model": JobView, "description": "The job that this key was used for before"},
    201: link("job_id", "get_job", "change_job", "cancel_job", "get_result", "get_sidecar"),
}
RANGES: Final[Responses] = {
    200: {**VIDEO, "description": "The whole video"},
    206: {**VIDEO, "description": "The part that the header Range asked for"},
    416: {"description": "There is no such part"},
}
RECORD: Final[Responses] = {200: {"content": {"application/json": {"schema": {"type": "object"}}}}}
ACTIONS: Final[Mapping[Action, str]] = {
    Action.CANCEL: "Ends a job that has not ended; a running one within a second, not before the answer.",
    Action.PAUSE: "A running job stops within a second, not before the answer, and keeps what it has rendered.",
    Action.RESUME: "Lets a paused job go on, from where it stopped.",
    Action.RETRY: "Puts a job that failed or was cancelled at the end of the queue.",
}
Limit: TypeAlias = Annotated[int, Query(ge=1, le=1000)]
Offset: TypeAlias = Annotated[int, Query(ge=0, le=10_000_000)]


def build_job_routes(queue: JobQueue, library: Library, intake: Intake, store: InputStore) -> APIRouter:
    router = APIRouter(prefix="/jobs", tags=["jobs"])
    actions: Mapping[Action, Act] = {
        Action.CANCEL: queue.cancel,
        Action.PAUSE: queue.pause,
        Action.RESUME: queue.resume,
        Action.RETRY: queue.retry,
    }

    @router.post(
        "",
        status_code=HTTPStatus.CREATED,
        openapi_extra=SUBMISSION,
        responses=document(400, 403, 404, 409, 411, 413, 415, 422, 507, also=TAKEN),
    )
    async def submit_job(request: Request, response: Response, key: Key = "") -> JobView:
        """Submits a job: with its two files as a form, or by the names of files in the server's inputs folder."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "multipart/form-data":
            await run_in_threadpool(intake.check_room, int(request.headers.get("content-length", 0)))
            async with receive_form(request, FILES, store, MAX_BYTES) as form:
                status, is_new = await run_in_threadpool(_take_form, form, intake, key)
        elif kind == "application/json":
            order = _read_order(await request.body())
            status, is_new = await run_in_threadpool(intake.take_named, order, key)
        else:
            raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "neither a form nor JSON")
        response.status_code = HTTPStatus.CREATED if is_new else HTTPStatus.OK
        return view_job(status)

    @router.get("", responses=document(422))
    def list_jobs(
        state: Annotated[list[JobState] | None, Query(description="Only jobs in one of these states")] = None,
        batch: Annotated[Id | None, Query(description="Only the jobs of this batch")] = None,
        project: Annotated[Label | None, Query()] = None,
        owner: Annotated[Label | None, Query()] = None,
        limit: Limit = 100,
        offset: Offset = 0,
    ) -> JobList:
        """A batch's jobs in the order in which they run; else the newest first."""
        found = queue.list_jobs(owner, batch, state, limit, offset, project)
        return JobList(jobs=[view_job(status) for status in found], limit=limit, offset=offset)

    @router.get("/{job_id}", responses=document(404, 422))
    def get_job(job_id: Id) -> JobView:
        return view_job(queue.get_status(job_id))

    @router.patch("/{job_id}", responses=document(400, 404, 409, 411, 413, 422))
    def change_job(job_id: Id, change: JobChange) -> JobView:
        """Gives a waiting job another priority, or another place."""
        if change.priority is not None:
            queue.set_priority(job_id, change.priority)
        if change.move:
            queue.move(job_id, change.move)
        return view_job(queue.get_status(job_id))

    @router.delete("/{job_id}", status_code=HTTPStatus.NO_CONTENT, responses=document(404, 409, 422))
    def remove_job(job_id: Id) -> None:
        """Removes a job that never ran; what has run is cancelled instead, and stays on record."""
        queue.remove(job_id)

    def make_route(act: Act) -> Callable[[str], JobView]:
        def act_on_job(job_id: Id) -> JobView:
            act(job_id)
            return view_job(queue.get_status(job_id))

        return act_on_job

    add_actions(router, "job", actions, ACTIONS, make_route)

    @router.get("/{job_id}/result", response_class=FileResponse, responses=document(404, 409, 422, also=RANGES))
    def get_result(job_id: Id, request: Request) -> Response:
        """The video, from the archive where that alone has it. Parts of it may be asked for by the header Range."""
        content = get_finished(library, queue.get_status(job_id))
        if isinstance(content, ArchivedCopy):
            return open_copy(library, content, request.headers.get("range"), PurePosixPath(content.key).name)
        return FileResponse(content, media_type="video/mp4", filename=content.name)

    @router.get("/{job_id}/sidecar", response_class=FileResponse, responses=document(404, 409, 422, also=RECORD))
    def get_sidecar(job_id: Id) -> Response:
        """The JSON record beside the video: hashes, versions, settings and timings."""
        content = get_finished(library, queue.get_status(job_id))
        if isinstance(content, ArchivedCopy):
            return Response(_read_record(library, content), media_type="application/json")
        return FileResponse(_existing(content.with_suffix(".json")), media_type="application/json")

    return router


def _take_form(form: Form, intake: Intake, key: str) -> tuple[JobStatus, bool]:
    try:
        order = JobOrder.from_form(form.fields)
    except ValidationError as error:
        raise find_field(error) from error
    return intake.take_form(order, form, key)


def _read_order(body: bytes) -> NamedJobOrder:
    try:
        return NamedJobOrder.model_validate_json(body)
    except ValidationError as error:
        raise find_field(error) from error


def _read_record(library: Library, copy: ArchivedCopy) -> bytes:
    key = KeyFamily(copy.key).sidecar
    if (record := library.read_beside(key)) is None:
        raise ResultGoneError(name=PurePosixPath(key).name)
    return record


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ResultGoneError(name=path.name)
    return path
