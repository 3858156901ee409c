"""The interface for programs, served by a true server on this machine's loopback over a true queue."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
from fastapi import FastAPI

from heygem.config.settings import load_settings
from heygem.domain.job import LipSyncResult
from heygem.domain.media import TimeRange
from heygem.domain.progress import CancelToken
from heygem.domain.queue import Lease
from heygem.jobs.worker import Work
from heygem.web.rest.api import mount_api
from heygem.web.rest.views import PREFIX
from heygem.web.server import WebServer
from tests.fakes import FakeServices, FakeWork, fake_inspect
from tests.serving import free_port

SECRET = "shared secret"
VIDEO = bytes(range(256)) * 8

Served: TypeAlias = Callable[..., AbstractContextManager["Api"]]


class Api:
    """A served interface, the queue behind it, and a client of it. `folder` holds its inputs and outputs."""

    def __init__(self, services: FakeServices, url: str, folder: Path) -> None:
        self.services = services
        self.queue = services.queue
        self.url = url + PREFIX.removeprefix("/")
        self.folder = folder
        self.client = httpx.Client(base_url=self.url, timeout=20)

    def submit(self, key: str = "", **fields: object) -> httpx.Response:
        """As a form with two small files."""
        files = {"person": ("person.mp4", b"a person"), "voice": ("voice.wav", b"a voice")}
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post("/jobs", files=files, data=fields, headers=headers)

    def claim(self, job_id: str) -> Lease:
        """For a worker; the job must be the next."""
        while task := self.queue.claim_inspection("fake"):
            self.queue.finish_inspection(task, fake_inspect(task.path, task.kind, CancelToken()))
        lease = self.queue.claim("fake", 10**12)
        assert lease is not None and lease.job_id == job_id
        return lease

    def succeed(self, lease: Lease) -> None:
        output = lease.request.output
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(VIDEO)
        output.with_suffix(".json").write_text('{"version": 1}')
        self.queue.succeed(lease, LipSyncResult(output, 50, 2.0, (TimeRange(0.4, 0.8),), stage_seconds={"render": 1.5}))

    def finish(self, job_id: str) -> None:
        self.succeed(self.claim(job_id))

    def kept_inputs(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("outputs/.work/inputs/*/*"))

    def is_tidy(self) -> bool:
        """Whether no folder of an input is empty or left over."""
        return not list(self.folder.glob("outputs/.work/inputs/*"))


@pytest.fixture
def serve_api(tmp_path: Path) -> Served:
    @contextmanager
    def serve(work: Work | None = None, **settings: Any) -> Iterator[Api]:
        paths = {name: tmp_path / name for name in ("outputs", "cache", "logs", "models", "data", "inputs")}
        for path in paths.values():
            path.mkdir(exist_ok=True)
        services = FakeServices(load_settings(paths=paths, **settings), work or FakeWork())
        app = FastAPI(openapi_url=None)
        mount_api(app, services)
        server = WebServer(app, "127.0.0.1", free_port())
        server.start()
        try:
            served = Api(services, server.url, tmp_path)
            with served.client:
                yield served
        finally:
            server.close()
            services.queue.database.close()

    return serve


@pytest.fixture
def api(serve_api: Served) -> Iterator[Api]:
    with serve_api(api={"webhook_secret": SECRET}) as served:
        yield served
