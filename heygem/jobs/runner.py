"""Runs lip-sync jobs one after the other in a thread of its own, and answers at any time how each of them stands.

Keeps jobs in memory: a restart forgets them. Knows nothing of what a job does; it is handed that as a callable.
"""

import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from heygem.domain.errors import CancelledError, HeyGemError, UnexpectedError
from heygem.domain.job import JobState, JobStatus, LipSyncRequest, LipSyncResult, check_transition
from heygem.domain.progress import CancelToken, Progress, ProgressSink

log = logging.getLogger(__name__)

Work: TypeAlias = Callable[[LipSyncRequest, ProgressSink, CancelToken], LipSyncResult]


class JobRunner:
    """A queue with one worker. Remembers the last `remembered` finished jobs."""

    def __init__(self, work: Work, remembered: int = 200) -> None:
        self._work = work
        self._remembered = remembered
        self._changed = threading.Condition()
        self._jobs: dict[str, JobStatus] = {}
        self._tokens: dict[str, CancelToken] = {}
        self._waiting: deque[str] = deque()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="job-runner", daemon=True)
        self._thread.start()

    def submit(self, request: LipSyncRequest) -> str:
        """Queues a job and returns its id."""
        job_id = uuid.uuid4().hex
        with self._changed:
            self._jobs[job_id] = JobStatus(job_id, request)
            self._tokens[job_id] = CancelToken()
            self._waiting.append(job_id)
            self._changed.notify_all()
        return job_id

    def get_status(self, job_id: str) -> JobStatus:
        """Raises KeyError for a job that is not known (any more)."""
        with self._changed:
            status = self._jobs[job_id]
            if status.state is not JobState.QUEUED:
                return status
            running = any(job.state is JobState.RUNNING for job in self._jobs.values())
            return replace(status, ahead=self._waiting.index(job_id) + running)

    def cancel(self, job_id: str) -> None:
        """Ends a job that waits or runs; one that has ended stays as it is. Raises KeyError as get_status does."""
        with self._changed:
            self._tokens[job_id].cancel()
            if self._jobs[job_id].state is JobState.QUEUED:
                self._waiting.remove(job_id)
                self._move(job_id, JobState.CANCELLED, error=CancelledError())

    def wait(self, job_id: str, timeout_s: float | None = None) -> JobStatus:
        """The status once the job has ended, or after `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs[job_id].state.is_final, timeout_s)
            return self._jobs[job_id]

    def close(self) -> None:
        """Cancels everything and waits for the worker to let go."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            unfinished = [job_id for job_id, job in self._jobs.items() if not job.state.is_final]
        for job_id in unfinished:
            self.cancel(job_id)
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                if self._is_closed:
                    return
                job_id = self._waiting.popleft()
                self._move(job_id, JobState.RUNNING)
            self._attempt(job_id)

    def _attempt(self, job_id: str) -> None:
        def sink(progress: Progress) -> None:
            with self._changed:
                self._jobs[job_id] = replace(self._jobs[job_id], progress=progress)

        request = self._jobs[job_id].request
        try:
            result = self._work(request, sink, self._tokens[job_id])
        except CancelledError as error:
            self._end(job_id, JobState.CANCELLED, error=error)
        except HeyGemError as error:
            log.warning("job %s failed: %s", job_id, error)
            self._end(job_id, JobState.FAILED, error=error)
        except Exception as error:
            log.exception("job %s failed unexpectedly", job_id)
            self._end(job_id, JobState.FAILED, error=UnexpectedError(reason=str(error) or type(error).__name__))
        else:
            self._end(job_id, JobState.SUCCEEDED, result=result)

    def _end(self, job_id: str, state: JobState, **changes: object) -> None:
        with self._changed:
            self._move(job_id, state, **changes)

    def _move(self, job_id: str, state: JobState, **changes: object) -> None:
        job = self._jobs[job_id]
        self._jobs[job_id] = replace(job, state=check_transition(job.state, state), **changes)  # type: ignore[arg-type]  # typed by the callers
        if state.is_final:
            self._forget_oldest()
        self._changed.notify_all()

    def _forget_oldest(self) -> None:
        ended = [job_id for job_id, job in self._jobs.items() if job.state.is_final]
        for job_id in ended[: -self._remembered or None]:
            del self._jobs[job_id], self._tokens[job_id]
