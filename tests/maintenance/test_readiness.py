"""What a server needs to make videos, each thing taken away in turn."""

import socket
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from heygem.domain.queue import WorkerKind
from heygem.jobs.queue import JobQueue
from heygem.maintenance import readiness
from heygem.maintenance.disk_guard import DiskGuard
from heygem.maintenance.readiness import Readiness, build_readiness
from heygem.storage.database import Database
from tests.fakes import fake_preflight


@pytest.fixture
def guard(tmp_path: Path) -> DiskGuard:
    (tmp_path / "outputs").mkdir()
    return DiskGuard(tmp_path / "outputs", 1.0, 1.0, 0)


@pytest.fixture
def queue(database: Database) -> JobQueue:
    return JobQueue(database, fake_preflight)


def find_reasons(queue: JobQueue, guard: DiskGuard, is_starting: bool = False) -> dict[str, str]:
    checks = build_readiness(queue, guard, lambda: is_starting).look()
    assert [check.name for check in checks] == ["database", "outputs", "disk", "renderer"]
    return {check.name: check.reason for check in checks if not check.is_ok}


def test_ready_with_a_renderer_alive_or_on_its_way(queue: JobQueue, guard: DiskGuard):
    queue.register_worker("i", WorkerKind.INSPECT, "here", 1, "cpu")
    assert find_reasons(queue, guard) == {"renderer": "no renderer is alive"}
    assert find_reasons(queue, guard, is_starting=True) == {}
    queue.register_worker("r", WorkerKind.RENDER, "elsewhere", 1, "cuda:0")
    assert find_reasons(queue, guard) == {}
    assert find_reasons(replace(queue, lease_s=-1.0), guard) == {"renderer": "no renderer is alive"}  # it fell silent
    assert list(guard.folder.iterdir()) == []


def test_a_folder_that_is_away_or_a_disk_that_is_full(queue: JobQueue, guard: DiskGuard):
    full = replace(guard, refuse_share=0.0)
    assert find_reasons(queue, full, is_starting=True)["disk"].startswith("DISK_HIGH")
    guard.folder.rmdir()
    assert set(find_reasons(queue, guard, is_starting=True)) == {"outputs"}


def test_a_database_without_tables(guard: DiskGuard, database_url: str):
    database = Database(database_url)
    found = find_reasons(JobQueue(database, fake_preflight), guard)
    assert "alembic_version" in found["database"] and "workers" in found["renderer"]
    database.close()


def test_a_database_that_accepts_and_says_nothing(guard: DiskGuard, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(readiness, "LIMIT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://x@127.0.0.1:{silent.getsockname()[1]}/x"
        checks = build_readiness(JobQueue(Database(url), fake_preflight), guard, lambda: False)
        began = time.monotonic()
        found = {check.name: check.reason for check in checks.look()}
        assert time.monotonic() - began < 2 * readiness.LIMIT_S + 1
        connection, _ = silent.accept()
    assert found == {"database": "no answer in time", "outputs": "", "disk": "", "renderer": "no answer in time"}
    connection.close()


def test_checks_are_done_side_by_side():
    meeting = threading.Barrier(4)

    def meet() -> None:
        meeting.wait(30)

    assert all(check.is_ok for check in Readiness(dict.fromkeys("abcd", meet), limit_s=30).look())
