"""What watches over a server, asking it as a stranger, from this machine and with the token."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeAlias

import httpx
import pytest
from fastapi import FastAPI

from heygem.config.settings import load_settings
from heygem.domain.queue import WorkerKind, WorkerStatus
from heygem.jobs.queue import JobQueue
from heygem.maintenance import readiness
from heygem.maintenance.metrics import collector
from heygem.web.monitoring_routes import build_monitoring_routes
from heygem.web.rest.errors import handle_errors
from heygem.web.server import WebServer
from tests.fakes import FakeServices
from tests.serving import free_port

POOL = 40  # threads for requests that wait
STRANGER = {"Host": "heygem.example"}
BEARER = {"Authorization": "Bearer open sesame"}

Watched: TypeAlias = Callable[..., AbstractContextManager[tuple[FakeServices, httpx.Client]]]


@pytest.fixture
def serve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(readiness, "FRESH_S", 0.0)

    @contextmanager
    def serve_one(token: str = "") -> Iterator[tuple[FakeServices, httpx.Client]]:
        paths = {name: tmp_path / name for name in ("outputs", "cache", "data")}
        paths["outputs"].mkdir()
        services = FakeServices(load_settings(paths=paths, api={"token": token}))
        app = FastAPI(openapi_url=None)
        app.router.routes.extend(build_monitoring_routes(services.monitoring, token))
        app.add_api_route("/wait", services.queue.list_live_workers)
        handle_errors(app, ())
        server = WebServer(app, "127.0.0.1", free_port())
        server.start()
        with httpx.Client(base_url=server.url, limits=httpx.Limits(max_connections=None), timeout=30) as client:
            yield services, client
        server.close()
        services.queue.database.close()

    return serve_one


def test_metrics_are_for_this_machine_where_no_token_is_set(serve: Watched):
    with serve() as (_, client):
        answer = client.get("/metrics")
        assert answer.status_code == 200 and "heygem_jobs{" in answer.text
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert answer.headers["cache-control"] == "no-store" and client.head("/metrics").content == b""
        strange = client.get("/metrics", headers=STRANGER)
        assert (strange.status_code, strange.json()["code"]) == (401, "API_TOKEN")
        assert client.post("/metrics").status_code == 405


def test_metrics_need_the_token_where_one_is_set(serve: Watched):
    with serve("open sesame") as (_, client):
        assert client.get("/metrics").status_code == 401
        assert client.get("/metrics", headers={**STRANGER, **BEARER}).status_code == 200


def test_strangers_hear_whether_it_is_ready_and_not_why(serve: Watched):
    with serve("open sesame") as (services, client):
        assert client.get("/readyz", headers=STRANGER).json()["ready"]
        services.queue.forget_worker(WorkerKind.RENDER)
        services.library.outputs_dir.rmdir()
        answer = client.get("/readyz", headers=STRANGER)
        checks = {"database": "ok", "outputs": "failed", "disk": "ok", "renderer": "failed"}
        assert answer.status_code == 503 and answer.json() == {"ready": False, "checks": checks}
        told = client.get("/readyz", headers=BEARER).json()
        assert told["checks"] == checks and set(told["reasons"]) == {"outputs", "renderer"}
        assert str(services.library.outputs_dir) in told["reasons"]["outputs"]


def test_all_three_answer_in_time_while_everything_else_hangs(serve: Watched, monkeypatch: pytest.MonkeyPatch):
    gate, waiting = threading.Event(), threading.Semaphore(0)

    def hang(_: JobQueue) -> list[WorkerStatus]:
        waiting.release()
        gate.wait(30)
        return []

    monkeypatch.setattr(JobQueue, "list_live_workers", hang)
    monkeypatch.setattr(readiness, "LIMIT_S", 0.2)
    monkeypatch.setattr(collector, "LIMIT_S", 0.2)
    with serve() as (_, client):
        asking = [threading.Thread(target=client.get, args=("/wait",)) for _ in range(POOL)]
        for thread in asking:
            thread.start()
        for _ in asking:
            waiting.acquire(timeout=30)
        answers = {path: client.get(path, timeout=20) for path in ("/healthz", "/readyz", "/metrics")}
        assert not gate.is_set()
        gate.set()
        for thread in asking:
            thread.join()
    assert answers["/healthz"].status_code == 200 and answers["/readyz"].status_code == 503
    assert answers["/readyz"].json()["reasons"] == {"renderer": "no answer in time"}
    assert 'heygem_source_up{source="database"} 0.0' in answers["/metrics"].text


def test_the_page_does_not_take_their_addresses(address: str):
    assert httpx.get(f"{address}healthz").json() == {"status": "ok"}
    assert httpx.get(f"{address}readyz").json()["ready"]
    assert "heygem_build_info{" in httpx.get(f"{address}metrics").text
