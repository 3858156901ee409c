"""What programs are told of jobs and batches. Names files, but does not say where on the server they lie."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, Field

from heygem.domain.inspection import Preflight, QualityReport
from heygem.domain.job import JobState, JobStatus, LipSyncResult
from heygem.domain.media import TimeRange
from heygem.domain.progress import Progress, Stage
from heygem.domain.queue import BatchStatus
from heygem.web.rest.errors import ErrorView, describe_error

PREFIX: Final = "/api/v1"


class ProgressView(BaseModel):
    stage: Stage
    done: int = Field(description="Units of the stage that are done: frames, or seconds of voice when listening")
    total: int
    share: float = Field(description="How much of the stage is done, 0..1")
    eta_s: float | None = Field(description="Seconds until the job is done; null while no pace is known")


class ResultView(BaseModel):
    name: str
    url: str = Field(description="Path of the MP4 on this server")
    sidecar_url: str = Field(description="Path of the JSON that says how it was made")
    frame_count: int
    duration_s: float
    unchanged: Sequence[TimeRange] = Field(description="What passed through as it was: no face, or turned away")
    stage_seconds: Mapping[str, float] = Field(description="Time taken by each stage")


class JobView(BaseModel):
    job_id: str
    state: JobState
    is_asked_to_stop: bool = Field(description="Whether a running job has been asked to pause or end")
    ahead: int = Field(description="Jobs that run before this one, while it is queued")
    person: str
    voice: str
    face: str
    engine: str = Field(description="What paints the mouths")
    output: str = Field(description="File name that the video has or will have")
    owner: str
    project: str
    priority: int
    batch_id: str | None
    attempts: int
    share: float = Field(description="How much of the whole job is done, 0..1")
    progress: ProgressView | None = Field(description="The last that was heard of it before it succeeded")
    preflight: Preflight | None
    quality: QualityReport | None
    error: ErrorView | None
    result: ResultView | None
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None


class JobList(BaseModel):
    jobs: list[JobView]
    limit: int
    offset: int


class BatchView(BaseModel):
    batch_id: str
    name: str
    owner: str
    project: str
    created_at: datetime
    counts: Mapping[JobState, int] = Field(description="Jobs by state")
    total: int
    ended: int
    share: float = Field(description="How much of all its frames is done, 0..1")
    eta_s: float | None = Field(description="Seconds until the batch is done; null while no pace is known")
    current: str = Field(description="The person file of the job that runs")


class BatchList(BaseModel):
    batches: list[BatchView]
    limit: int


def view_job(status: JobStatus) -> JobView:
    request = status.request
    return JobView(
        job_id=status.job_id,
        state=status.state,
        is_asked_to_stop=status.is_asked_to_stop,
        ahead=status.ahead,
        person=request.person.name,
        voice=request.voice.name,
        face=str(request.face),
        engine=str(request.engine),
        output=request.output.name,
        owner=status.owner,
        project=status.project,
        priority=status.priority,
        batch_id=status.batch_id,
        attempts=status.attempts,
        share=find_share(status),
        progress=view_progress(status.progress) if status.progress and not status.result else None,
        preflight=status.preflight,
        quality=status.quality,
        error=describe_error(status.error) if status.error else None,
        result=view_result(status.job_id, status.result) if status.result else None,
        created_at=status.created_at,
        started_at=status.started_at,
        finished_at=status.finished_at,
    )


def find_share(status: JobStatus) -> float:
    if status.result is not None:
        return 1.0
    return status.progress.whole_share if status.progress else 0.0


def view_progress(progress: Progress) -> ProgressView:
    return ProgressView(
        stage=progress.stage,
        done=progress.done,
        total=progress.total,
        share=progress.share,
        eta_s=progress.eta_s,
    )


def view_result(job_id: str, result: LipSyncResult) -> ResultView:
    return ResultView(
        name=result.path.name,
        url=f"{PREFIX}/jobs/{job_id}/result",
        sidecar_url=f"{PREFIX}/jobs/{job_id}/sidecar",
        frame_count=result.frame_count,
        duration_s=result.duration_s,
        unchanged=result.unchanged,
        stage_seconds=result.stage_seconds,
    )


def view_batch(batch: BatchStatus) -> BatchView:
    return BatchView(
        batch_id=batch.batch_id,
        name=batch.name,
        owner=batch.owner,
        project=batch.project,
        created_at=batch.created_at,
        counts=batch.counts,
        total=batch.total,
        ended=batch.ended,
        share=batch.share,
        eta_s=batch.eta_s,
        current=batch.current,
    )
