"""`alerts` and what `doctor` says of it, to a true receiver; and that a server tells of what goes wrong in it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from typer.testing import CliRunner

from heygem.cli import app
from heygem.commands.checks import State, check_alerts
from heygem.config.settings import load_settings
from heygem.maintenance.alerts.conditions import Condition
from heygem.services import Services
from tests.web_receiver import WebReceiver, receiving

TOKEN: Final = "t0ken0123456789abcdef"


@pytest.fixture
def hook() -> Iterator[WebReceiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("outputs", "cache", "logs", "data"):
        monkeypatch.setenv(f"HEYGEM_PATHS__{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("HEYGEM_SERVER__LANGUAGE", "zh")
    return tmp_path


def set_urls(monkeypatch: pytest.MonkeyPatch, *urls: str) -> None:
    monkeypatch.setenv("HEYGEM_ALERTS__URLS", json.dumps(urls))


def run(*arguments: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(app, ["alerts", "--language", "en", *arguments], catch_exceptions=False)
    return done.exit_code, done.output.splitlines()


def test_a_test_says_of_each_whether_it_arrived(home: Path, hook: WebReceiver, monkeypatch: pytest.MonkeyPatch):
    set_urls(monkeypatch, f"json://{hook.address}/{TOKEN}", f"json://127.0.0.1:1/{TOKEN}")
    status, said = run("--test")
    assert status == 1
    assert said[0] == f"✓ json://{hook.address}" and said[1].startswith("✗ json://127.0.0.1:1: ") and len(said) == 2
    [message] = hook.bodies
    assert message["title"].startswith("HeyGem（") and message["title"].endswith("：测试消息")
    assert message["type"] == "info"
    set_urls(monkeypatch, f"json://{hook.address}/{TOKEN}")
    assert run("--test") == (0, [f"✓ json://{hook.address}"])
    assert TOKEN not in "".join(said) + (home / "logs" / "heygem.log").read_text("utf-8")


@pytest.mark.usefixtures("home")
def test_without_an_address_nobody_is_told():
    said = "Nobody is told when something is wrong: no address is set. docs/alerts.md says how."
    assert run("--test") == (1, [said])
    assert run() == (0, [said, "Nothing is wrong now."])
    assert check_alerts(Services(load_settings())).state is State.WARN


def test_a_bad_address_ends_commands_with_one_sentence(home: Path, monkeypatch: pytest.MonkeyPatch):
    set_urls(monkeypatch, "json://example.cn", f"dingtalk://{TOKEN}!bad")
    for command in (["alerts"], ["serve", "--port", "0"]):
        done = CliRunner().invoke(app, [*command, "--language", "en"], catch_exceptions=False)
        assert done.exit_code == 2 and done.output.startswith("Address 2 of alerts.urls is none that alerts can go to.")
        assert TOKEN not in done.output
    assert TOKEN not in (home / "logs" / "heygem.log").read_text("utf-8")
    check = check_alerts(Services(load_settings()))
    assert check.state is State.BAD and TOKEN not in check.detail


@pytest.mark.usefixtures("home")
def test_a_server_tells_what_goes_wrong_in_it(hook: WebReceiver, monkeypatch: pytest.MonkeyPatch):
    """Its disk and its cleaning, each once, and once again when they are well."""
    set_urls(monkeypatch, f"json://{hook.address}")
    monkeypatch.setenv("HEYGEM_DISK__WARN_PERCENT", "0.001")
    monkeypatch.setenv("HEYGEM_DISK__REFUSE_PERCENT", "100")
    services = Services(load_settings())
    maintenance, [task] = services.maintenance, services.alarm.tasks
    [pruning] = [one for one in maintenance.tasks if one.name == "prune"]

    def fail(*_: object) -> None:
        raise OSError("no right to write")

    with monkeypatch.context() as broken:
        broken.setattr(type(services.pruner), "plan", fail)
        maintenance.do(pruning)
    now = datetime.now(UTC)
    for minutes in range(3):
        task.run(now + timedelta(minutes=minutes))
    assert sorted(message["type"] for message in hook.bodies) == ["failure", "warning"]
    [told] = [message["message"] for message in hook.bodies if message["type"] == "failure"]
    assert "no right to write" in told
    status, said = run()
    assert (
        status == 0
        and said[0] == f"1. json://{hook.address}"
        and [line.split(",")[0] for line in said[1:]]
        == [
            "the cleaning failed",
            "the disk is filling",
        ]
    )
    monkeypatch.setenv("HEYGEM_DISK__WARN_PERCENT", "100")
    healed = Services(load_settings())
    [task] = healed.alarm.tasks
    healed.maintenance.do(next(one for one in healed.maintenance.tasks if one.name == "prune"))
    for minutes in (10, 20, 30):
        task.run(now + timedelta(minutes=minutes))
    assert [message["type"] for message in hook.bodies[2:]] == ["success", "success"]
    assert healed.alerting.book.list_standing() == []


@pytest.mark.usefixtures("home")
def test_what_stands_is_worst_first():
    services = Services(load_settings(disk={"warn_percent": 0.001, "refuse_percent": 0.001}))
    [task] = services.alarm.tasks
    task.run(datetime.now(UTC))
    [standing] = services.alerting.book.list_standing()
    assert standing.condition is Condition.DISK_FULL
    assert run()[1][1].startswith("the disk is nearly full, no new job is taken, since 20")
