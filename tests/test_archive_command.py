"""`archive`, `prune` and `doctor` over true files and an archive in a folder, with the services of the product."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from heygem.cli import app
from heygem.commands.checks import State, check_archive
from heygem.config.settings import load_settings
from heygem.domain.library import OutputKind, OutputState
from heygem.maintenance.alerts.conditions import GONE, Condition
from heygem.services import Services
from tests.test_prune_command import put


@pytest.fixture
def nas(tmp_path: Path) -> Path:
    folder = tmp_path / "nas"
    folder.mkdir()
    return folder


@pytest.fixture
def services(tmp_path: Path, nas: Path, monkeypatch: pytest.MonkeyPatch) -> Services:
    for name in ("outputs", "cache", "logs", "data"):
        monkeypatch.setenv(f"HEYGEM_PATHS__{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("HEYGEM_RETENTION__COUNTS_FROM", "made")
    monkeypatch.setenv("HEYGEM_DISK__REFUSE_PERCENT", "100")
    monkeypatch.setenv("HEYGEM_ARCHIVE__URL", str(nas))
    monkeypatch.setenv("HEYGEM_ARCHIVE__AT_ONCE", '["pinned"]')
    return Services(load_settings())


def run(*arguments: str, status: int = 0) -> list[str]:
    done = CliRunner().invoke(app, [*arguments, "--language", "en"], catch_exceptions=False)
    assert done.exit_code == status, done.output
    return (done.stdout if status == 0 else done.stderr).splitlines()


def age(services: Services, hours: float) -> None:
    """As if all had been archived so long ago."""
    then = (datetime.now() - timedelta(hours=hours)).astimezone()
    with services.database.write() as connection:
        connection.exec_driver_sql("UPDATE outputs SET archived_at = ?", (then.isoformat(sep=" "),))


def test_what_is_due_goes_to_the_archive_and_then_from_here(services: Services, nas: Path):
    old, young = put(services, "a/旧.mp4", OutputKind.STANDARD, 7.1), put(services, "b.mp4", OutputKind.STANDARD, 6.9)
    pinned, test = put(services, "p.mp4", OutputKind.PINNED, 0), put(services, "t.mp4", OutputKind.TEST, 3.1)
    said = run("archive", "--dry-run")
    assert [line.partition("  ")[2].split("  ")[0] for line in said[:2]] == ["a/旧.mp4", "p.mp4"]
    assert said[2] == "Would go to the archive: 2 (3.0 MB)." and list(nas.rglob("*.mp4")) == []
    pruning = run("prune", "--dry-run")
    assert any(line.startswith("to the archive  a/旧.mp4  1.5 MB  past its age since") for line in pruning)
    assert any(line.startswith("to the archive  p.mp4  1.5 MB  its kind is archived at once") for line in pruning)
    assert pruning[-1] == "Left to the archive, see the command archive: 2."
    run("prune")
    assert services.library.get(old).state is OutputState.PRESENT  # nothing goes that should be archived first
    assert services.library.get(test).state is OutputState.TRASHED
    assert run("archive")[-1] == "Archived: 2; removed from this machine, in the archive alone: 0 (0.0 MB freed)."
    assert sorted(path.name for path in nas.rglob("*.mp4")) == ["p.mp4", "旧.mp4"]
    assert run("archive") == ["Archived: 0; removed from this machine, in the archive alone: 0 (0.0 MB freed)."]
    age(services, 25)
    assert run("prune", "--dry-run")[0].startswith("archive only  a/旧.mp4")
    assert run("archive") == ["Archived: 0; removed from this machine, in the archive alone: 1 (1.5 MB freed)."]
    states = [services.library.get(one).state for one in (old, young, pinned)]
    assert states == [OutputState.ARCHIVED, OutputState.PRESENT, OutputState.PRESENT]
    log = (services.settings.paths.logs / "heygem.log").read_text("utf-8")
    assert "旧.mp4 is in the archive as a/旧.mp4: past_age" in log and "旧.mp4 is in the archive alone: past_age" in log


def test_a_full_disk_is_cleaned_of_what_the_archive_has_and_of_nothing_else(
    services: Services, monkeypatch: pytest.MonkeyPatch
):
    old = put(services, "old.mp4", OutputKind.STANDARD, 7.1)
    monkeypatch.setenv("HEYGEM_DISK__REFUSE_PERCENT", "0.001")
    monkeypatch.setenv("HEYGEM_DISK__WARN_PERCENT", "0.001")
    run("prune")
    assert services.library.get(old).state is OutputState.PRESENT
    assert run("archive")[-1] == "Archived: 1; removed from this machine, in the archive alone: 1 (1.5 MB freed)."
    assert services.library.get(old).state is OutputState.ARCHIVED


def test_an_archive_that_is_away_is_told_and_nothing_goes(services: Services, nas: Path):
    old = put(services, "old.mp4", OutputKind.STANDARD, 7.1)
    assert check_archive(services.settings).state is State.OK and list(nas.iterdir()) == []
    nas.rmdir()
    assert "[ARCHIVE_UNUSABLE]" in run("archive", status=1)[0]
    check = check_archive(services.settings)
    assert (check.state, check.hint) == (State.BAD, "archive_away") and str(nas) in check.detail
    assert services.library.get(old).path.exists()


def test_the_alerts_hear_of_an_archive_that_fails_and_of_its_end(services: Services, nas: Path):
    put(services, "old.mp4", OutputKind.STANDARD, 7.1)
    task = next(task for task in services.maintenance.tasks if task.name == "archive")
    nas.rmdir()
    services.maintenance.do(task)
    seen = services.alerting.tasks.look(datetime.now(UTC))["task:archive"]
    assert seen is not None and seen.condition is Condition.ARCHIVE_FAILED
    nas.mkdir()
    services.maintenance.do(task)
    assert services.alerting.tasks.look(datetime.now(UTC))["task:archive"] == GONE


def test_without_an_archive(services: Services, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HEYGEM_ARCHIVE__URL", "")
    assert "[ARCHIVE_UNSET]" in run("archive", status=2)[0]
    assert services.archiving is not None and Services(load_settings()).archiving is None


@pytest.mark.parametrize("url", ["nas/heygem", "s3://", "ftp://host/x", "inside", "around"])
def test_a_place_that_cannot_be(services: Services, monkeypatch: pytest.MonkeyPatch, url: str):
    outputs = services.settings.paths.outputs
    places = {"inside": str(outputs / "archive"), "around": outputs.parent.as_uri()}
    monkeypatch.setenv("HEYGEM_ARCHIVE__URL", places.get(url, url))
    assert "archive.url" in run("archive", status=2)[0]


def test_credentials_are_neither_shown_nor_kept(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "credentials"
    path.write_text("[default]\naws_access_key_id = key7\naws_secret_access_key = s3cr%t7\n")
    monkeypatch.setenv("HEYGEM_ARCHIVE__URL", "s3://bucket/videos")
    monkeypatch.setenv("HEYGEM_ARCHIVE__SECRET_KEY", "s3cr%t8")
    monkeypatch.setenv("HEYGEM_ARCHIVE__CREDENTIALS_FILE", str(path))
    settings = load_settings()
    store = Services(settings).library.store
    assert store is not None and store.place == "s3://bucket/videos/"
    assert vars(vars(store)["access"])["secret"] == "s3cr%t7"  # the file's
    shown = f"{settings!r} {settings.model_dump_json()} {store!r}"
    assert "s3cr" not in shown
    path.write_text("[default]\naws_secret_access_key s3cr%t7\n")
    said = run("archive", status=2)[0]
    assert "archive.credentials_file" in said and "s3cr" not in said
    kept = [services.settings.paths.logs / "heygem.log", services.settings.paths.data / "heygem.db"]
    assert all(path.stat().st_size for path in kept) and not any(b"s3cr" in path.read_bytes() for path in kept)
