"""Batches under /api/v1: many jobs submitted as one, listed, watched and changed together."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Query, Response

from heygem.jobs.queue import JobQueue
from heygem.web.rest.actions import Act, add_actions
from heygem.web.rest.errors import Responses, document, link
from heygem.web.rest.intake import Intake
from heygem.web.rest.orders import Action, BatchOrder, Id, Key, Label
from heygem.web.rest.views import BatchList, BatchView, view_batch

TAKEN: Final[Responses] = {
    200: {"model": BatchView, "description": "The batch that this key was used for before"},
    201: link("batch_id", "get_batch", "cancel_batch", "pause_batch", "resume_batch", "retry_batch"),
}

ACTIONS: Final[Mapping[Action, str]] = {
    Action.CANCEL: "Ends all jobs of a batch that have not ended.",
    Action.PAUSE: "Pauses all jobs of a batch that have not ended.",
    Action.RESUME: "Lets the paused jobs of a batch go on.",
    Action.RETRY: "Puts those jobs of a batch that failed or were cancelled at the end of the queue.",
}


def build_batch_routes(queue: JobQueue, intake: Intake) -> APIRouter:
    router = APIRouter(prefix="/batches", tags=["batches"])
    actions: Mapping[Action, Act] = {
        Action.CANCEL: queue.cancel_batch,
        Action.PAUSE: queue.pause_batch,
        Action.RESUME: queue.resume_batch,
        Action.RETRY: queue.retry_batch,
    }

    @router.post(
        "",
        status_code=HTTPStatus.CREATED,
        responses=document(400, 403, 404, 409, 411, 413, 422, also=TAKEN),
    )
    def submit_batch(order: BatchOrder, response: Response, key: Key = "") -> BatchView:
        """Submits a batch of files in the server's inputs folder: all of it, or nothing where one cannot be used."""
        batch, is_new = intake.take_batch(order, key)
        response.status_code = HTTPStatus.CREATED if is_new else HTTPStatus.OK
        return view_batch(batch)

    @router.get("", responses=document(422))
    def list_batches(
        owner: Annotated[Label | None, Query()] = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
    ) -> BatchList:
        """The newest first. Their jobs are listed by jobs?batch=…"""
        return BatchList(batches=[view_batch(batch) for batch in queue.list_batches(owner, limit)], limit=limit)

    @router.get("/{batch_id}", responses=document(404, 422))
    def get_batch(batch_id: Id) -> BatchView:
        return view_batch(queue.get_batch(batch_id))

    def make_route(act: Act) -> Callable[[str], BatchView]:
        def act_on_batch(batch_id: Id) -> BatchView:
            act(batch_id)
            return view_batch(queue.get_batch(batch_id))

        return act_on_batch

    add_actions(router, "batch", actions, ACTIONS, make_route)

    return router
