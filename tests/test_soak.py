"""Days of jobs with made-up work, after which nothing more piles up; see benchmarks/soak.py."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.soak import MB, Soak, is_flat, make_settings
from heygem.domain.job import LipSyncRequest, LipSyncResult
from heygem.domain.progress import CancelToken, ProgressSink
from heygem.domain.queue import WorkerKind
from heygem.services import Services
from tests.fakes import fake_inspect, write_video

DAYS = 12  # it is six until a video has gone through the trash
KB = 1000


def test_disk_use_comes_to_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", "")  # both are set for the soak, and as before afterwards
    monkeypatch.setattr(tempfile, "tempdir", None)
    services = Services(make_settings(tmp_path))
    made = services.make_worker("w", WorkerKind.RENDER, print)
    write_video(tmp_path / "made.mp4", 0.5)

    def work(request: LipSyncRequest, sink: ProgressSink, cancel: CancelToken, folder: Path) -> LipSyncResult:
        del sink, cancel, folder
        request.output.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(tmp_path / "made.mp4", request.output)
        return LipSyncResult(request.output, 10, 0.5)

    worker = replace(made, inspect=fake_inspect, work=work, reserve_bytes=0)
    services.queue.register_worker("w", WorkerKind.RENDER, "here", 1, "cpu")
    for name in ("person.mp4", "voice.wav"):
        (tmp_path / name).write_bytes(b"x" * 100 * KB)

    def finish() -> None:
        while worker.step():
            pass

    soak = Soak(services, tmp_path, tmp_path / "person.mp4", tmp_path / "voice.wav", finish)
    days = [soak.run_day(1) for _ in range(DAYS)]
    assert sum(day.made for day in days) == DAYS
    outputs = [day.places["outputs"] for day in days]
    assert outputs[5] > outputs[0] and len(set(outputs[5:])) == 1
    sizes = [day.disk_bytes for day in days]
    assert is_flat(sizes) and not is_flat([*sizes[:-3], *(size + 2 * MB for size in sizes[-3:])])
    services.database.close()
