"""The page's endpoints for programs (gradio_client), beside `generate`: `status` and `cancel`."""

from typing import Any

from gradio.events import api

from heygem.config.strings import Translator
from heygem.domain.job import JobStatus
from heygem.jobs.runner import JobRunner
from heygem.web import format as fmt


class JobApi:
    def __init__(self, runner: JobRunner, tr: Translator) -> None:
        self._runner = runner
        self._tr = tr

    def wire(self) -> None:
        """Must be called inside gr.Blocks."""
        api(self.status, api_name="status", queue=False)
        api(self.cancel, api_name="cancel", queue=False)

    def status(self, job_id: str) -> dict[str, Any]:
        """How a job stands: state, stage, done, total, percent, eta_s, ahead, output, error, error_code."""
        try:
            return describe(self._runner.get_status(job_id), self._tr)
        except KeyError:
            return {"state": "unknown"}

    def cancel(self, job_id: str) -> dict[str, Any]:
        """Ends a job that waits or runs; answers as `status` does."""
        if self.status(job_id)["state"] != "unknown":
            self._runner.cancel(job_id)
        return self.status(job_id)


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
    }
