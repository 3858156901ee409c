"""All tasks over true folders: what they leave of an installation, and that nothing else is touched."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from heygem.config.settings import DiskSettings, Settings, load_settings
from heygem.domain.job import LipSyncRequest, NewJob
from heygem.maintenance.upkeep import build_upkeep
from heygem.services import Services

OLD_S: Final = 100 * 24 * 3600.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    paths = {name: tmp_path / name for name in ("outputs", "cache", "logs", "data", "inputs", "models")}
    for path in paths.values():
        path.mkdir()
    return load_settings(paths=paths, retention={"counts_from": "made"}, disk={"refuse_percent": 100})


def put_old(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("old")
    return path


def keep_house(services: Services) -> None:
    for maintenance in (services.maintenance, services.upkeep):
        for task in maintenance.tasks:
            maintenance.do(task)


def make_old(folder: Path) -> None:
    then = datetime.now().timestamp() - OLD_S
    for path in (*folder.rglob("*"), folder):
        os.utime(path, (then, then), follow_symlinks=False)


def test_a_round_removes_what_is_of_no_use_and_nothing_else(settings: Settings, tmp_path: Path):
    services, paths = Services(settings), settings.paths
    kept = [
        put_old(paths.outputs / "notes.txt"),
        put_old(paths.outputs / "2026-01-01" / "by-hand.mp4"),
        put_old(paths.inputs / "person.mp4"),
        put_old(paths.models / "weights.safetensors"),
        put_old(paths.data / "mine.txt"),
        put_old(paths.cache / "else" / "x"),
        put_old(paths.logs / "mine.log"),
        put_old(tmp_path / "beside.mp4"),
        put_old(paths.outputs / ".work" / "inputs" / "needed" / "person.mp4"),
        put_old(paths.outputs / ".work" / "inputs" / "needed2" / "voice.wav"),
    ]
    swept = [
        put_old(paths.cache / "uploads" / "a" / "person.mp4"),
        put_old(paths.cache / "tracks" / "x.npz"),
        put_old(paths.models / "wav2lip" / "weights.pth.part"),
        put_old(paths.models / "wav2lip" / "weights.pth.part.jsonl"),
        put_old(paths.cache / "thumbnails" / "x.jpg"),
        put_old(paths.outputs / ".work" / "inputs" / "gone" / "voice.wav"),
        put_old(paths.outputs / ".work" / "jobs" / "gone" / "00000.mp4"),
        put_old(paths.outputs / ".work" / "fetch" / "gone" / ".a.partial.mp4"),
        put_old(paths.outputs / "2026-01-01" / ".heygem-x" / "00000.mp4"),
    ]
    make_old(tmp_path)
    services.queue.submit(NewJob(LipSyncRequest(kept[-2], kept[-1], paths.outputs / "new.mp4")))
    keep_house(services)
    assert [path for path in kept if not path.exists()] == []
    assert [path for path in swept if path.exists()] == []
    assert len(services.disk_history.read()) == 1
    [record] = services.library.list_records()
    assert record.path == kept[1]


def test_a_full_disk_loses_what_can_be_made_anew(settings: Settings):
    caches = {name: put_old(settings.paths.cache / name / "x") for name in ("uploads", "thumbnails", "tracks")}
    two_hours_ago = datetime.now().timestamp() - 7200
    for path in caches.values():
        os.utime(path, (two_hours_ago, two_hours_ago))
    for percent, kept in ((100, set(caches)), (0.001, {"uploads"})):
        full = settings.model_copy(update={"disk": DiskSettings(warn_percent=0.001, refuse_percent=percent)})
        build_upkeep(full, Services(full).queue).watch_caches(datetime.now(UTC))
        assert {name for name, path in caches.items() if path.exists()} == kept


def test_each_machine_looks_after_its_own_and_servers_after_what_is_shared(settings: Settings):
    services = Services(settings)
    own, shared = ({task.name for task in one.tasks} for one in (services.upkeep, services.maintenance))
    assert own == {"sweep_caches", "sweep_work", "watch_caches", "rotate_log"}
    assert shared == {"reconcile", "prune", "forget_jobs", "sample_disk", "watch_disk"}


def test_what_was_put_there_by_hand_is_kept_a_day_at_least(settings: Settings):
    services = Services(settings)
    path = put_old(settings.paths.outputs / "by-hand.mp4")
    make_old(settings.paths.outputs)
    services.library.reconcile()
    now = datetime.now(UTC)
    assert services.pruner.prune(now + timedelta(hours=23)).trashed == 0 and path.exists()
    assert services.pruner.prune(now + timedelta(hours=25)).trashed == 1 and not path.exists()


def test_a_task_that_fails_is_told_and_the_others_go_on(settings: Settings, monkeypatch: pytest.MonkeyPatch):
    services = Services(settings)
    put_old(settings.paths.cache / "uploads" / "a")
    make_old(settings.paths.cache)

    def fail() -> None:
        raise OSError("no disk")

    monkeypatch.setattr(type(services.library), "reconcile", lambda _: fail())
    keep_house(services)
    assert not (settings.paths.cache / "uploads" / "a").exists()
