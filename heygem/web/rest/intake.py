"""From what programs ask for to what the queue is given."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from heygem.domain.api_errors import WebhookSecretError
from heygem.domain.job import EngineName, FaceChoice, JobStatus, LipSyncRequest, NewJob
from heygem.domain.queue import BatchStatus
from heygem.engines.model_files import check_engine
from heygem.jobs.batch_plan import choose_topic, name_batch
from heygem.jobs.batch_sources import resolve_inside
from heygem.jobs.naming import OutputNamer
from heygem.jobs.queue import JobQueue
from heygem.media.files import check_file
from heygem.pipeline.preflight import check_disk
from heygem.web.rest.form import Form
from heygem.web.rest.orders import BatchOrder, JobOrder, NamedJobOrder, Order, Video


@dataclass(frozen=True)
class Intake:
    """`inputs_dir` is the one folder whose files programs may name; `can_sign` whether webhooks have a secret.
    `reserve_bytes` stay free where uploads go, on the outputs' disk. `engine` paints where nobody chooses another;
    its weights must be in `models_dir`.
    """

    queue: JobQueue
    namer: OutputNamer
    inputs_dir: Path
    outputs_dir: Path
    reserve_bytes: int
    can_sign: bool
    models_dir: Path
    engine: EngineName

    def check_room(self, size_bytes: int) -> None:
        """Raises DiskFullError unless an upload of this size fits."""
        check_disk(self.outputs_dir, size_bytes + self.reserve_bytes)

    def take_named(self, order: NamedJobOrder, key: str) -> tuple[JobStatus, bool]:
        """The job, and whether it is new: it is not where `key` was used before. Raises the errors of JobQueue.submit,
        resolve_inside and check_file, WebhookSecretError and EngineNotInstalledError.
        """
        person, voice = self._find(order.person), self._find(order.voice)
        return self._submit(order, person, voice, key, _digest(order))

    def take_form(self, order: JobOrder, form: Form, key: str) -> tuple[JobStatus, bool]:
        """As take_named. The form's files are the job's where it is new, else they are not needed."""
        person, voice = form.files["person"], form.files["voice"]
        for upload in (person, voice):
            check_file(upload.path)
        digest = _digest(order, person.sha256, voice.sha256)
        status, is_new = self._submit(order, person.path, voice.path, key, digest, form.keep)
        if not is_new:
            form.drop()
        return status, is_new

    def take_batch(self, order: BatchOrder, key: str) -> tuple[BatchStatus, bool]:
        """As take_named. Nothing is submitted where one of the files cannot be used."""
        self._check_webhook(order.webhook)
        paths = {name: self._find(name) for item in order.items for name in (item.person, item.voice)}
        now = datetime.now().astimezone()
        topics = [choose_topic(paths[item.person], paths[item.voice], item.name) for item in order.items]
        outputs = self.namer.plan_all(topics, order.signed, now)
        jobs = []
        for item, output in zip(order.items, outputs, strict=True):
            request = self._request(item, paths[item.person], paths[item.voice], output)
            project = item.project or order.project
            jobs.append(NewJob(request, order.owner, project, order.priority, order.webhook))
        name = name_batch(order.name, now)
        earlier = self.queue.find_submission(order.owner, key) if key else None
        batch_id = self.queue.submit_batch(name, jobs, order.owner, order.project, order.is_paused, key, _digest(order))
        return self.queue.get_batch(batch_id), batch_id != earlier

    def _submit(
        self,
        order: JobOrder,
        person: Path,
        voice: Path,
        key: str,
        digest: str,
        keep: Callable[[], None] = lambda: None,
    ) -> tuple[JobStatus, bool]:
        """`keep` is called as soon as the files may be a job's."""
        self._check_webhook(order.webhook)
        now = datetime.now().astimezone()
        output = self.namer.plan(choose_topic(person, voice, order.name), order.signed, now)
        request = self._request(order, person, voice, output)
        job = NewJob(request, order.owner, order.project, order.priority, order.webhook)
        job_id = self.queue.submit(job, key, digest)
        keep()
        status = self.queue.get_status(job_id)
        return status, status.request.output == request.output

    def _request(self, video: Video, person: Path, voice: Path, output: Path) -> LipSyncRequest:
        engine = check_engine(self.models_dir, EngineName(video.engine or self.engine))
        return LipSyncRequest(person, voice, output, FaceChoice.parse(video.face), engine)

    def _find(self, name: str) -> Path:
        path = resolve_inside(self.inputs_dir, name)
        check_file(path)
        return path

    def _check_webhook(self, url: str) -> None:
        if url and not self.can_sign:
            raise WebhookSecretError()


def _digest(order: Order, *hashes: str) -> str:
    """Names what is asked for, so that a key cannot stand for two things."""
    asked: Sequence[object] = [order.model_dump(), *hashes]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
