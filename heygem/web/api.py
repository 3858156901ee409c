"""The page's endpoints for programs (gradio_client), beside `generate`: for one job and for a batch.

A batch takes several uploads, which gradio checks for its components alone: hence the hidden ones.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import gradio as gr
from gradio.events import api

from heygem.config.strings import Translator
from heygem.domain.errors import HeyGemError, InputError
from heygem.domain.job import EngineName, FaceChoice, JobState, JobStatus
from heygem.domain.queue import BatchStatus
from heygem.jobs.drafts import Drafts
from heygem.jobs.queue import JobQueue
from heygem.web import format as fmt

UNKNOWN: Final = {"state": "unknown"}


class JobApi:
    """Each answers as `status` or `batch_status` does; what is not known has the state `unknown`."""

    def __init__(self, queue: JobQueue, drafts: Drafts, tr: Translator, engine: EngineName) -> None:
        self._queue = queue
        self._drafts = drafts
        self._tr = tr
        self._engine = engine

    def render(self) -> None:
        """Components that no one sees. Must be called inside gr.Blocks, as `wire` must."""
        with gr.Row(visible=False):
            self._voices = gr.File(label="voices", file_count="multiple")
            self._people = gr.File(label="people", file_count="multiple")
            self._name, self._project = gr.Textbox(label="name"), gr.Textbox(label="project")
            self._face = gr.Textbox("largest", label="face")
            self._batch = gr.JSON(label="batch")
            self._submit = gr.Button()

    def wire(self) -> None:
        for endpoint in (self.status, self.cancel, self.retry, self.batch_status, self.cancel_batch):
            api(endpoint, api_name=endpoint.__name__, queue=False)
        inputs = [self._voices, self._people, self._name, self._project, self._face]
        self._submit.click(self.submit_batch, inputs, self._batch, api_name="submit_batch", queue=False)

    def status(self, job_id: str) -> dict[str, Any]:
        """How a job stands: state, stage, done, total, percent, eta_s, ahead, output, error, error_code, warnings."""
        return self._answer(lambda: describe(self._queue.get_status(job_id), self._tr))

    def cancel(self, job_id: str) -> dict[str, Any]:
        """Ends a job that waits, runs or is paused; one that has ended stays as it is."""
        return self._after(self._queue.cancel, job_id, self.status)

    def retry(self, job_id: str) -> dict[str, Any]:
        """Queues a job again that failed or was cancelled."""
        return self._after(self._queue.retry, job_id, self.status)

    def batch_status(self, batch_id: str) -> dict[str, Any]:
        """How a batch stands: state, batch, name, total, ended, percent, eta_s, current, counts, jobs (their ids)."""
        return self._answer(lambda: self._describe_batch(self._queue.get_batch(batch_id)))

    def cancel_batch(self, batch_id: str) -> dict[str, Any]:
        """Cancels every job of a batch that has not ended."""
        return self._after(self._queue.cancel_batch, batch_id, self.batch_status)

    def submit_batch(
        self, voices: list[str] | None, people: list[str] | None, name: str, project: str, face: str
    ) -> dict[str, Any]:
        """Queues a video of each person with each voice; answers as `batch_status` does, or with the error."""
        try:
            files = [[Path(path) for path in paths or []] for paths in (voices, people)]
            chosen = FaceChoice.parse(face or "largest")
            batch_id = self._drafts.submit(files[0], files[1], name, project, chosen, self._engine)
        except HeyGemError as error:
            return {"state": "refused", "error": self._tr.explain(error), "error_code": error.code}
        return self.batch_status(batch_id)

    def _after(self, do: Callable[[str], object], which: str, tell: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
        """`tell`s how `which` stands after `do`; what is not possible any more changes nothing."""
        with suppress(InputError):
            do(which)
        return tell(which)

    def _answer(self, ask: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        try:
            return ask()
        except InputError:
            return dict(UNKNOWN)

    def _describe_batch(self, batch: BatchStatus) -> dict[str, Any]:
        jobs = self._queue.list_jobs(batch_id=batch.batch_id, limit=batch.total)
        return {
            "state": find_batch_state(batch),
            "batch": batch.batch_id,
            "name": batch.name,
            "total": batch.total,
            "ended": batch.ended,
            "percent": int(100 * batch.share),
            "eta_s": batch.eta_s,
            "current": batch.current,
            "counts": {str(state): count for state, count in batch.counts.items()},
            "jobs": [status.job_id for status in jobs],
        }


def describe(status: JobStatus, tr: Translator) -> dict[str, Any]:
    """No key is called `path`: gradio_client would take the whole dict for a file."""
    progress = status.progress
    return {
        "state": str(status.state),
        "ahead": status.ahead,
        "stage": str(progress.stage) if progress else None,
        "done": progress.done if progress else 0,
        "total": progress.total if progress else 0,
        "percent": 100 if status.result else fmt.percent(progress),
        "eta_s": progress.eta_s if progress else None,
        "output": str(status.result.path) if status.result else None,
        "error": tr.explain(status.error) if status.error else None,
        "error_code": status.error.code if status.error else None,
        "warnings": list(status.preflight.warnings) if status.preflight else [],
    }


def find_batch_state(batch: BatchStatus) -> str:
    """`ended`, or what the most alive of its jobs does: running, queued, paused."""
    alive = (JobState.RUNNING, JobState.QUEUED, JobState.PAUSED)
    return next((str(state) for state in alive if batch.counts.get(state)), "ended")
