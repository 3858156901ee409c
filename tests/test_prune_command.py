"""`prune` over true files, with the services of the product."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from heygem.cli import app
from heygem.config.settings import load_settings
from heygem.domain.library import OutputKind, OutputState
from heygem.services import Services


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    for name in ("outputs", "cache", "logs", "data"):
        monkeypatch.setenv(f"HEYGEM_PATHS__{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("HEYGEM_RETENTION__COUNTS_FROM", "made")
    monkeypatch.setenv("HEYGEM_RETENTION__PROJECTS", '{"archive": 0}')
    monkeypatch.setenv("HEYGEM_DISK__REFUSE_PERCENT", "100")
    return Services(load_settings())


def put(services: Services, name: str, kind: OutputKind, age_days: float, project: str = "") -> str:
    path = services.settings.paths.outputs / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(1_500_000))
    made_s = (datetime.now() - timedelta(days=age_days)).timestamp()
    os.utime(path, (made_s, made_s))
    output_id = services.library.add(path, project=project)
    services.library.set_kind([output_id], kind)
    with services.database.write() as connection:  # as if nobody had touched it since
        connection.exec_driver_sql("UPDATE outputs SET used_at = created_at")
    return output_id


def run(*arguments: str) -> list[str]:
    done = CliRunner().invoke(app, ["prune", "--language", "en", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


def test_a_dry_run_says_what_a_run_then_does(services: Services):
    old = put(services, "2026-01-01/旧.mp4", OutputKind.STANDARD, 7.1)
    kept = [
        put(services, "young.mp4", OutputKind.STANDARD, 6.9),
        put(services, "pinned.mp4", OutputKind.PINNED, 999),
        put(services, "project.mp4", OutputKind.TEST, 999, "archive"),
    ]
    said = run("--dry-run")
    assert len(said) == 2 and said[0].startswith("to the trash  2026-01-01/旧.mp4  1.5 MB  past its age since 20")
    assert said[1] == "Would go to the trash: 1; for good: 0 (0.0 MB); kept: 3."
    assert run("--dry-run") == said
    assert services.library.get(old).state is OutputState.PRESENT
    assert run() == [said[0], "Gone to the trash: 1; for good: 0 (0.0 MB freed); kept: 3."]
    assert services.library.get(old).state is OutputState.TRASHED
    assert {services.library.get(output_id).state for output_id in kept} == {OutputState.PRESENT}
    assert run() == ["Gone to the trash: 0; for good: 0 (0.0 MB freed); kept: 4."]
    assert "旧.mp4 is in the trash: past_age" in (services.settings.paths.logs / "heygem.log").read_text("utf-8")


def test_a_full_disk_is_cleaned_for_good(services: Services, monkeypatch: pytest.MonkeyPatch):
    old = put(services, "old.mp4", OutputKind.STANDARD, 7.1)
    monkeypatch.setenv("HEYGEM_DISK__REFUSE_PERCENT", "0.001")
    monkeypatch.setenv("HEYGEM_DISK__WARN_PERCENT", "0.001")
    line, summary = run()
    assert line.startswith("for good  old.mp4  1.5 MB  the disk is full")
    assert summary == "Gone to the trash: 0; for good: 1 (1.5 MB freed); kept: 0."
    assert services.library.get(old).state is OutputState.REMOVED
