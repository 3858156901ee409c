"""From the disk to the mailbox, with a book on disk and servers that fail; and that every alert has its words."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from heygem.config.strings import LANGUAGES, Translator
from heygem.domain.errors import DatabaseError
from heygem.library.retention import DiskFacts
from heygem.maintenance.alerts.alerts import Alerts
from heygem.maintenance.alerts.book import AlertBook
from heygem.maintenance.alerts.conditions import GONE, Condition, Facts, Sighting, Sightings
from heygem.maintenance.alerts.outbox import Message
from heygem.maintenance.alerts.standing import Letter, LetterKind
from heygem.maintenance.alerts.targets import list_targets
from heygem.maintenance.alerts.watches import DiskWatch, Watch
from heygem.maintenance.alerts.wording import put_in_words
from heygem.maintenance.disk_guard import DiskGuard

NOW: Final = datetime(2026, 3, 29, 12, tzinfo=UTC)
GB: Final = 10**9


@dataclass(frozen=True)
class StandInGuard(DiskGuard):
    free_gb: list[float] = field(default_factory=lambda: [30.0])

    def measure(self) -> DiskFacts:
        return DiskFacts(100 * GB, int(self.free_gb[0] * GB))


@dataclass
class StandInWatch:
    seen: dict[str, Sighting | None] = field(default_factory=dict)
    is_away: bool = False
    topic: str = "task"

    def look(self, now: datetime) -> Sightings:
        del now
        if self.is_away:
            raise DatabaseError(reason="test")
        return self.seen


@dataclass
class StandInReceiver:
    key: str = "key"
    name: str = "json://example.cn"
    fault: str | None = None
    told: list[str] = field(default_factory=list)

    def tell(self, message: Message) -> str | None:
        if self.fault is None:
            self.told.append(f"{message.kind} {message.condition}")
        return self.fault


@dataclass
class Desk:
    """Rounds of alerts; `restart` forgets all but the book."""

    folder: Path
    receivers: list[Any]
    watch: StandInWatch = field(default_factory=StandInWatch)
    disk: list[float] = field(default_factory=lambda: [30.0])
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        guard = StandInGuard(Path("/数据/outputs"), 0.8, 0.9, 5 * GB, self.disk)
        book = AlertBook(self.folder / "data" / "alerts.json")
        watches: list[Watch] = [DiskWatch(guard), self.watch]
        tr = Translator("zh")
        self.alerts = Alerts(
            watches, book, self.receivers, lambda letter: put_in_words(letter, "剪辑一号", tr), timedelta(hours=6)
        )

    def run(self, rounds: int = 1, minutes: int = 1) -> None:
        """`minutes` from one to the next."""
        for _ in range(rounds):
            self.alerts.run(self.now)
            self.now += timedelta(minutes=minutes)


@pytest.fixture
def receiver_desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, [StandInReceiver()])


def test_a_disk_over_its_mark_is_one_mail_and_one_when_it_is_over(tmp_path: Path, mailbox: Any):
    desk = Desk(tmp_path, list_targets([mailbox.url], None))
    desk.run(3)
    assert mailbox.mails == []
    desk.disk[0] = 18.0
    desk.run(7, minutes=30)
    [mail] = mailbox.mails
    assert mail["Subject"] == "HeyGem（剪辑一号）：磁盘空间偏少"
    text = mail.get_body(("plain",)).get_content()
    assert "“/数据/outputs”所在磁盘已用 82%，剩余 18.0 GB" in text and "用量达到 90%" in text
    desk.restart()
    desk.disk[0] = 9.0
    desk.run(2)
    assert [mail["Subject"] for mail in mailbox.mails[1:]] == ["HeyGem（剪辑一号）：磁盘将满，已暂停接受新任务"]
    desk.disk[0] = 40.0
    desk.run(2, minutes=5)
    assert len(mailbox.mails) == 2
    desk.restart()
    desk.run(5, minutes=60)
    assert [mail["Subject"] for mail in mailbox.mails[2:]] == ["HeyGem（剪辑一号）已恢复：磁盘将满，已暂停接受新任务"]
    assert "持续了" in mailbox.mails[2].get_body(("plain",)).get_content()


def test_one_that_cannot_be_told_is_tried_again_and_the_others_hear_it_once(tmp_path: Path, caplog: Any):
    well, ill = StandInReceiver("a"), StandInReceiver("b", fault="HTTP 503")
    desk = Desk(tmp_path, [well, ill], disk=[18.0])
    desk.run(5)
    desk.restart()
    desk.run()
    assert (well.told, ill.told) == (["raised disk_warn"], [])
    assert [record.message for record in caplog.records if "503" in record.message] == [
        "json://example.cn could not be told, and is tried again: HTTP 503"
    ] * 2  # once each run of the program
    ill.fault = None
    desk.run(2)
    assert ill.told == ["raised disk_warn"] and len(well.told) == 1


def test_what_nobody_was_told_of_is_not_over_for_them(receiver_desk: Desk):
    [receiver] = receiver_desk.receivers
    receiver.fault, receiver_desk.disk[0] = "HTTP 503", 18.0
    receiver_desk.run(2)
    receiver_desk.disk[0] = 50.0
    receiver_desk.run(4, minutes=10)
    receiver.fault = None
    receiver_desk.run(5)
    assert receiver.told == []


def test_a_full_disk_that_takes_no_book_is_told_once(receiver_desk: Desk):
    [receiver] = receiver_desk.receivers
    (receiver_desk.folder / "data").write_text("in the way of the folder")
    receiver_desk.disk[0] = 4.0
    receiver_desk.run(5)
    assert receiver.told == ["raised disk_full"]
    (receiver_desk.folder / "data").unlink()
    receiver_desk.run()
    receiver_desk.restart()
    receiver_desk.run(5)
    assert receiver.told == ["raised disk_full"]


def test_a_watch_that_fails_ends_nothing_and_hinders_no_other(receiver_desk: Desk, caplog: Any):
    [receiver], watch = receiver_desk.receivers, receiver_desk.watch
    watch.seen = {"task:prune": Sighting(Condition.PRUNE_FAILED, {"reason": "test"})}
    receiver_desk.run()
    watch.is_away = True
    receiver_desk.disk[0] = 18.0
    receiver_desk.run(3, minutes=10)
    assert receiver.told == ["raised prune_failed", "raised disk_warn"]
    watch.is_away = False
    watch.seen = {"task:prune": None}  # the server has just started
    receiver_desk.run(3, minutes=10)
    watch.seen = {"task:prune": GONE}
    receiver_desk.run(2, minutes=10)
    assert receiver.told[2:] == ["cleared prune_failed"]
    assert "task could not be looked at" in caplog.text


def test_what_is_no_longer_watched_is_over(receiver_desk: Desk):
    [receiver], watch = receiver_desk.receivers, receiver_desk.watch
    watch.seen = {"task:prune": Sighting(Condition.PRUNE_FAILED, {"reason": "test"})}
    receiver_desk.run()
    watch.seen = {}
    receiver_desk.run(2, minutes=10)
    assert receiver.told == ["raised prune_failed", "cleared prune_failed"]


def test_without_targets_alerts_stand_and_are_logged(tmp_path: Path, caplog: Any):
    desk = Desk(tmp_path, [], disk=[18.0])
    desk.run(3)
    assert [one.condition for one in desk.alerts.book.list_standing()] == [Condition.DISK_WARN]
    [record] = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert record.message.startswith("alert raised: disk disk_warn")


FACTS: Final[dict[Condition, Facts]] = {
    Condition.DISK_WARN: {"folder": "/a", "used_percent": 1, "refuse_percent": 2, "free_gb": "3", "reserve_gb": "4"},
    Condition.DISK_FULL: {"folder": "/a", "used_percent": 1, "refuse_percent": 2, "free_gb": "3", "reserve_gb": "4"},
    Condition.PRUNE_FAILED: {"reason": "why"},
    Condition.ARCHIVE_FAILED: {"reason": "why"},
    Condition.TASK_FAILED: {"reason": "why"},
    Condition.WORKER_DOWN: {"waiting": 2},
    Condition.WORKER_DYING: {"device": "cuda:0", "count": 3, "reason": "signal 9"},
    Condition.FAILURES_IN_A_ROW: {"count": 3, "code": "CODE", "failed_at": "then"},
}


def list_letters() -> Iterator[Letter]:
    for condition in Condition:
        for kind in LetterKind:
            yield Letter("topic:subject", kind, condition, FACTS[condition], NOW - timedelta(hours=3), NOW)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_alert_has_its_words(language: Any):
    for letter in list_letters():
        message = put_in_words(letter, "host", Translator(language))
        assert "host" in message.title and "{" not in message.title + message.body
        if letter.kind is not LetterKind.CLEARED:
            assert all(str(value) in message.body for value in letter.facts.values())
        else:
            assert "3.0" in message.body
