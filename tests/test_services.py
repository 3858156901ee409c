"""What services binds together, with nothing of an engine."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from heygem.config.settings import (
    ArchiveSettings,
    DiskSettings,
    DownloadSettings,
    LimitSettings,
    PathSettings,
    RetentionSettings,
    Settings,
)
from heygem.domain.errors import EngineNotInstalledError
from heygem.domain.job import EngineName, JobState, LipSyncRequest, NewJob
from heygem.domain.library import OutputKind
from heygem.domain.model_errors import WeightsUnverifiedError
from heygem.domain.output_query import OutputQuery
from heygem.domain.queue import WorkerKind
from heygem.downloads.region import Region
from heygem.services import Services
from tests.fakes import FakeWork, fake_inspect


def test_what_a_worker_makes_is_in_the_library_with_whose_it_is(tmp_path: Path):
    paths = PathSettings(**{name: tmp_path / name for name in ("outputs", "cache", "logs", "data", "inputs")})
    services = Services(Settings(paths=paths, retention=RetentionSettings(default_kind=OutputKind.TEST)))
    worker = replace(
        services.make_worker("w", WorkerKind.RENDER, print),
        inspect=fake_inspect,
        work=FakeWork(pace_s=0),
        reserve_bytes=0,
    )
    services.queue.register_worker("w", WorkerKind.RENDER, "here", 1, "cpu")
    for name in ("person.mp4", "voice.wav"):
        (tmp_path / name).write_bytes(b"x")
    inside, outside = paths.outputs / "2026-01-01" / "team" / "a.mp4", tmp_path / "elsewhere" / "b.mp4"
    jobs = [
        services.queue.submit(
            NewJob(LipSyncRequest(tmp_path / "person.mp4", tmp_path / "voice.wav", output), "me", "p")
        )
        for output in (inside, outside)
    ]
    while worker.step():
        pass
    assert [services.queue.get_status(job).state for job in jobs] == [JobState.SUCCEEDED] * 2
    (record,) = services.library.search(OutputQuery()).records
    assert (record.path, record.job_id, record.owner, record.project) == (inside, jobs[0], "team", "p")
    assert (record.kind, record.width, record.duration_s) == (OutputKind.TEST, 320, 2.0)
    assert services.library.thumbnail(record.output_id).is_relative_to(paths.cache)
    services.database.close()


def test_all_are_told_to_end_before_any_is_waited_for(tmp_path: Path):
    paths = PathSettings(**{name: tmp_path / name for name in ("outputs", "cache", "logs", "data", "inputs")})
    (tmp_path / "nas").mkdir()
    services = Services(Settings(paths=paths, archive=ArchiveSettings(url=str(tmp_path / "nas"))))
    told: list[tuple[bool, bool]] = []

    class Supervisor:
        def run(self, stop: threading.Event) -> None:
            self.stop = stop
            stop.wait(30)

    class Alarm:
        @contextmanager
        def running(self) -> Iterator[None]:
            yield
            assert services.archiving is not None
            told.append((supervisor.stop.is_set(), services.archiving.cancel.is_cancelled))

    supervisor = Supervisor()
    vars(services).update(supervisor=supervisor, alarm=Alarm())
    with services.working():
        pass
    assert told == [(True, True)]
    services.database.close()


def test_each_engine_has_a_generator_of_its_own_and_keeps_it(wav2lip_models: Path, tmp_path: Path):
    paths = PathSettings(models=wav2lip_models, cache=tmp_path)
    settings = Settings(paths=paths, device="cpu", engine=EngineName.WAV2LIP, allow_unverified=True)
    services = Services(settings)
    both = [services.get_generator(name) for name in EngineName]
    assert [generator.engine.name for generator in both] == list(EngineName)
    assert services.generator is services.get_generator(EngineName.WAV2LIP) is both[1]
    assert both[0].landmarker is both[1].landmarker
    paths = PathSettings(models=wav2lip_models / "nothing_here", cache=tmp_path)
    with pytest.raises(WeightsUnverifiedError):
        Services(settings.model_copy(update={"allow_unverified": False})).get_generator(EngineName.WAV2LIP)
    with pytest.raises(EngineNotInstalledError):
        Services(Settings(paths=paths)).get_generator(EngineName.WAV2LIP)


def test_a_server_without_workers_says_what_it_lacks(tmp_path: Path):
    paths = PathSettings(outputs=tmp_path / "outputs", data=tmp_path / "data")
    limits, disk = LimitSettings(disk_reserve_mb=0), DiskSettings(refuse_percent=100)
    services = Services(Settings(paths=paths, limits=limits, disk=disk))
    services.settings.paths.outputs.mkdir()
    checks = services.monitoring.readiness.look()
    assert [check.name for check in checks if not check.is_ok] == ["renderer"]
    body, _ = services.monitoring.metrics.render("")
    assert b'heygem_workers{host="",kind="render"} 0.0' in body
    services.database.close()


def test_models_are_those_of_the_project_and_of_the_settings(tmp_path: Path):
    paths = PathSettings(**{name: tmp_path / name for name in ("outputs", "cache", "logs", "data", "inputs", "models")})
    (tmp_path / "own.yaml").write_text(
        f"{{name: own, version: '1', licence: MIT, path: own/a, size: 3, sha256: {'0' * 64}}}"
    )
    (tmp_path / "broken.yaml").write_text("name: [")
    wanted = DownloadSettings(region="cn", manifests=[str(tmp_path / "own.yaml"), str(tmp_path / "broken.yaml")])
    models = Services(Settings(paths=paths, downloads=wanted)).models
    assert [view.entry.name for view in models.snapshot().models] == ["own", "wav2lip", "face_landmarker"]
    assert models.region is Region.CN and models.get("wav2lip").needs_licence
    assert not paths.models.exists()  # looking leaves nothing behind
