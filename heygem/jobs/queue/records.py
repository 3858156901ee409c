"""Between the queue's rows and the domain's types. Asks no database."""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import Row

from heygem.domain.errors import HeyGemError
from heygem.domain.inspection import Inspection, MediaKind, Preflight
from heygem.domain.job import EngineName, FaceChoice, JobState, JobStatus, LipSyncRequest, LipSyncResult, NewJob
from heygem.domain.progress import Progress, Stage
from heygem.domain.queue import DraftItem, Lease, Wish, WorkerKind, WorkerStatus
from heygem.domain.stored_error import restore_error, storable_context

_INSPECTION: Final = TypeAdapter(Inspection)
_PREFLIGHT: Final = TypeAdapter(Preflight)
_RESULT: Final = TypeAdapter(LipSyncResult)


def job_values(job: NewJob) -> dict[str, Any]:
    """The columns that say what is asked for."""
    request = job.request
    return {
        "owner": job.owner,
        "project": job.project,
        "webhook": job.webhook,
        "priority": job.priority,
        "person": request.person,
        "voice": request.voice,
        "output": request.output,
        "face": str(request.face),
        "engine": request.engine,
    }


def preflight_values(preflight: Preflight) -> dict[str, Any]:
    return {
        "preflight": _PREFLIGHT.dump_python(preflight, mode="json"),
        "frame_count": preflight.frame_count,
        "expected_s": preflight.expected_s,
        "expected_bytes": preflight.expected_bytes,
    }


def progress_values(progress: Progress) -> dict[str, Any]:
    return {
        "stage": progress.stage,
        "stage_done": progress.done,
        "stage_total": progress.total,
        "share": progress.whole_share,
        "eta_s": progress.eta_s,
    }


def result_values(result: LipSyncResult) -> dict[str, Any]:
    return {"result": _RESULT.dump_python(result, mode="json"), "share": 1.0}


def error_values(error: HeyGemError | None) -> dict[str, Any]:
    if error is None:
        return {"error_code": None, "error_context": None}
    return {"error_code": error.code, "error_context": storable_context(error)}


def inspection_values(inspection: Inspection) -> dict[str, Any]:
    facts = _INSPECTION.dump_python(inspection, mode="json", exclude={"thumbnail"})
    return {"facts": facts, "thumbnail": inspection.thumbnail, **error_values(None)}


def read_error(code: str | None, context: Mapping[str, Any] | None) -> HeyGemError | None:
    return None if code is None else restore_error(code, context or {})


def read_inspection(facts: Mapping[str, Any] | None, thumbnail: bytes | None) -> Inspection | None:
    return None if facts is None else _INSPECTION.validate_python({**facts, "thumbnail": thumbnail or b""})


def read_finding(row: Row[Any]) -> Inspection | HeyGemError | None:
    """What came of an inspection, if it is done."""
    return read_error(row.error_code, row.error_context) or read_inspection(row.facts, row.thumbnail)


def read_request(row: Row[Any]) -> LipSyncRequest:
    return LipSyncRequest(row.person, row.voice, row.output, FaceChoice.parse(row.face), EngineName(row.engine))


def read_lease(row: Row[Any], worker_id: str, attempt: int) -> Lease:
    return Lease(row.job_id, worker_id, attempt, read_request(row), _read_preflight(row))


def read_job(row: Row[Any], ahead: int) -> JobStatus:
    result = None if row.result is None else _RESULT.validate_python(row.result)
    return JobStatus(
        job_id=row.job_id,
        request=read_request(row),
        state=JobState(row.state),
        ahead=ahead,
        progress=_read_progress(row),
        result=result,
        error=read_error(row.error_code, row.error_context),
        batch_id=row.batch_id,
        owner=row.owner,
        project=row.project,
        priority=row.priority,
        attempts=row.attempts,
        preflight=_read_preflight(row),
        quality=result.quality if result else None,
        is_asked_to_stop=row.state == JobState.RUNNING and row.wish != Wish.GO_ON,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def read_draft(row: Row[Any]) -> DraftItem:
    """Of a row of drafts with its inspection's columns."""
    return DraftItem(
        item_id=row.item_id,
        kind=MediaKind(row.kind),
        path=row.path,
        name=row.name,
        face=FaceChoice.parse(row.face),
        project=row.project,
        voice=row.voice,
        inspection=read_inspection(row.facts, row.thumbnail),
        error=read_error(row.error_code, row.error_context),
    )


def read_worker(row: Row[Any], silent_s: float) -> WorkerStatus:
    """Of a row of workers with the `job_id` that it runs."""
    return WorkerStatus(
        worker_id=row.worker_id,
        kind=WorkerKind(row.kind),
        host=row.host,
        pid=row.pid,
        device=row.device,
        beat_at=row.beat_at,
        job_id=row.job_id,
        silent_s=silent_s,
    )


def _read_preflight(row: Row[Any]) -> Preflight | None:
    return None if row.preflight is None else _PREFLIGHT.validate_python(row.preflight)


def _read_progress(row: Row[Any]) -> Progress | None:
    return None if row.stage is None else Progress(Stage(row.stage), row.stage_done, row.stage_total, row.eta_s)
