"""A disk that really fills under a running server, the database on it too."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import pytest

from heygem.config.settings import ROOT, load_settings
from heygem.domain.library import OutputState
from heygem.services import Services
from tests.serving import free_port
from tests.web.conftest import run_server

DISK_MB: Final = 64
VIDEO_MB: Final = 2
VIDEOS: Final = 12
MB: Final = 1_000_000
RULES: Final = {
    "HEYGEM_RETENTION__COUNTS_FROM": "made",
    "HEYGEM_LIMITS__DISK_RESERVE_MB": "1",
    "HEYGEM_DEVICE": "cpu",
    "HEYGEM_LANG": "en",
}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}M", "tmpfs", place], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted: {mounted.stderr.decode(errors='replace').strip()}")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def services(disk: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    paths = {f"HEYGEM_PATHS__{name.upper()}": disk / name for name in ("outputs", "cache", "logs", "data", "inputs")}
    for name, value in {**paths, **RULES}.items():
        monkeypatch.setenv(name, str(value))
    return Services(load_settings())


def make_old_videos(services: Services) -> list[str]:
    """Past their age, and not looked at since they were made; the first is the oldest."""
    ids = []
    for number in range(VIDEOS):
        path = services.settings.paths.outputs / "2026-01-01" / f"{number:02d}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(VIDEO_MB * MB))
        made_s = (datetime.now() - timedelta(days=60, hours=-number)).timestamp()
        os.utime(path, (made_s, made_s))
        ids.append(services.library.add(path))
    with services.database.write() as connection:
        connection.exec_driver_sql("UPDATE outputs SET used_at = created_at")
    return ids


def fill(disk: Path, left_mb: float) -> None:
    """Somebody else's file takes all but `left_mb`, or to the last byte for 0."""
    place = os.statvfs(disk)
    free = place.f_bavail * place.f_frsize
    with (disk / "theirs.bin").open("ab", buffering=0) as file:
        file.write(bytes(max(0, int(free - left_mb * MB))))
        try:
            while left_mb == 0:
                file.write(bytes(4096))
        except OSError:
            return


def prune() -> str:
    done = subprocess.run([sys.executable, "app.py", "prune"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_jobs_are_refused_the_page_lives_and_cleaning_recovers(services: Services, disk: Path, tmp_path: Path):
    inputs = services.settings.paths.inputs
    inputs.mkdir()
    for name in ("person.mp4", "voice.wav"):
        (inputs / name).write_bytes(b"it is there")
    port = free_port()
    command = [sys.executable, "app.py", "serve", "--port", str(port)]
    with (
        run_server(command, port, tmp_path / "server.log", cwd=ROOT),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):

        def submit() -> httpx.Response:
            return client.post("/api/v1/jobs", json={"person": "person.mp4", "voice": "voice.wav"})

        def lives() -> bool:
            return all(client.get(path).status_code == 200 for path in ("/", "/api/v1/jobs"))

        ids = make_old_videos(services)
        assert submit().status_code == 201
        for left_mb in (DISK_MB / 12, 0):
            fill(disk, left_mb)
            refusal = submit()
            assert (refusal.status_code, refusal.json()["code"]) == (507, "DISK_HIGH"), refusal.text
            assert lives()
        said = prune()
        states = [services.library.get(output_id).state for output_id in ids]
        gone = states.count(OutputState.REMOVED)
        assert 0 < gone < VIDEOS and states[:gone] == [OutputState.REMOVED] * gone, said
        assert services.disk_guard.measure().used_share < 0.8
        assert submit().status_code == 201 and lives()
    assert (disk / "theirs.bin").exists()
