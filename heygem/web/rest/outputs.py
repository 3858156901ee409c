"""Finished videos under /api/v1: searched, thrown into the trash and taken back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from heygem.domain.archive_errors import ArchiveUnsetError
from heygem.domain.library import OutputKind, OutputRecord, OutputState
from heygem.domain.output_query import OutputOrder, OutputQuery
from heygem.library.catalogue import Library
from heygem.library.fetching import FetchDesk, Fetching
from heygem.web.rest.errors import document
from heygem.web.rest.orders import Id, Label


class OutputView(BaseModel):
    output_id: str
    name: str = Field(description="File name")
    title: str
    owner: str
    project: str
    tags: Sequence[str]
    kind: OutputKind
    state: OutputState
    size_bytes: int
    duration_s: float
    width: int
    height: int
    created_at: datetime | None
    used_at: datetime | None = Field(description="When it was made or last played")
    trashed_at: datetime | None
    archived_at: datetime | None = Field(description="Since when a verified copy is in the archive")
    coming_share: float | None = Field(description="How much has come back from the archive, where it is on its way")
    job_id: str | None
    person: str
    voice: str
    problems: Sequence[str] = Field(description="What was found wrong with it")


class OutputList(BaseModel):
    outputs: list[OutputView]
    total: int = Field(description="How many match, on all pages")
    total_bytes: int
    limit: int
    offset: int


def build_output_routes(library: Library, desk: FetchDesk | None) -> APIRouter:
    """`desk` is what videos are asked for at that the archive alone has."""
    router = APIRouter(prefix="/outputs", tags=["outputs"])

    def view_outputs(records: Iterable[OutputRecord]) -> list[OutputView]:
        coming = desk.list_items() if desk is not None else {}
        return [view_output(record, coming.get(record.output_id)) for record in records]

    def get_view(output_id: str) -> OutputView:
        return view_outputs([library.get(output_id)])[0]

    @router.get("", responses=document(422))
    def list_outputs(
        words: Annotated[Label, Query(description="Each must occur in title, person, voice, project or tags")] = "",
        owner: Annotated[Label | None, Query()] = None,
        project: Annotated[Label | None, Query()] = None,
        kind: OutputKind | None = None,
        state: OutputState = OutputState.PRESENT,
        order: OutputOrder = OutputOrder.NEWEST,
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    ) -> OutputList:
        query = OutputQuery(words, owner, project, kind, state, order=order, limit=limit, offset=offset)
        found = library.search(query)
        outputs = view_outputs(found.records)
        return OutputList(outputs=outputs, total=found.total, total_bytes=found.total_bytes, limit=limit, offset=offset)

    @router.get("/{output_id}", responses=document(404, 422))
    def get_output(output_id: Id) -> OutputView:
        return get_view(output_id)

    @router.delete("/{output_id}", responses=document(404, 422))
    def trash_output(output_id: Id) -> OutputView:
        """Moves it into the trash, which it can be restored from until its time there is over."""
        library.get(output_id)
        library.trash([output_id])
        return get_view(output_id)

    @router.post("/{output_id}/restore", responses=document(404, 409, 422, 507))
    def restore_output(output_id: Id) -> OutputView:
        """Out of the trash at once. One that the archive alone has begins to come back: `state` is `present` and
        `coming_share` null again once it has.
        """
        if library.get(output_id).state is not OutputState.ARCHIVED:
            library.restore([output_id])
        elif desk is None:
            raise ArchiveUnsetError()
        else:
            desk.ask([output_id])
        return get_view(output_id)

    return router


def view_output(record: OutputRecord, coming: Fetching | None) -> OutputView:
    share = coming.share if coming is not None and coming.error is None else None
    names = OutputView.model_fields.keys() - {"name", "coming_share"}
    known = {name: getattr(record, name) for name in names}
    return OutputView(name=record.path.name, coming_share=share, **known)
