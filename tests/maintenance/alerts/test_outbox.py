from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from heygem.maintenance.alerts.book import AlertBook, Page
from heygem.maintenance.alerts.conditions import Condition
from heygem.maintenance.alerts.outbox import OLDEST, Message, Outbox, give_up, post, settle
from heygem.maintenance.alerts.standing import AlertState, LetterKind, Standing

NOW: Final = datetime(2026, 3, 29, 12, tzinfo=UTC)
TARGETS: Final = ("mail", "robot")


def make(kind: LetterKind, number: int = 0, topic: str = "disk") -> Message:
    return Message(topic, kind, Condition.DISK_WARN, f"{kind} {number}", "…", NOW + timedelta(minutes=number))


def list_waiting(outbox: Outbox, target: str) -> list[str]:
    return [one.message.title for one in outbox.waiting if one.target == target]


def deliver(outbox: Outbox, target: str) -> Outbox:
    for one in outbox.waiting:
        if one.target == target:
            outbox = settle(outbox, one)
    return outbox


def test_whoever_could_not_be_told_hears_the_latest_and_nothing_of_an_end():
    outbox = post(Outbox(), [make(LetterKind.RAISED)], TARGETS)
    outbox = deliver(outbox, "mail")
    assert (list_waiting(outbox, "mail"), list_waiting(outbox, "robot")) == ([], ["raised 0"])
    outbox = deliver(post(outbox, [make(LetterKind.REPEATED, 360)], TARGETS), "mail")
    assert list_waiting(outbox, "robot") == ["repeated 360"]
    outbox = post(outbox, [make(LetterKind.CLEARED, 400)], TARGETS)
    assert (list_waiting(outbox, "mail"), list_waiting(outbox, "robot")) == (["cleared 400"], [])


def test_an_end_is_not_lost_to_the_next_beginning():
    outbox = deliver(post(Outbox(), [make(LetterKind.RAISED)], ["mail"]), "mail")
    outbox = post(outbox, [make(LetterKind.CLEARED, 20)], ["mail"])
    outbox = post(outbox, [make(LetterKind.RAISED, 30)], ["mail"])
    outbox = post(outbox, [make(LetterKind.REPEATED, 390)], ["mail"])
    assert list_waiting(outbox, "mail") == ["cleared 20", "repeated 390"]
    assert [one.message.title for one in outbox.list_next()] == ["cleared 20"]


def test_targets_that_are_no_more_and_what_is_too_old_are_let_go():
    outbox = post(Outbox(), [make(LetterKind.RAISED)], TARGETS)
    outbox = post(outbox, [], ["mail"])
    assert list_waiting(outbox, "robot") == []
    assert give_up(outbox, NOW + OLDEST) == (outbox, [])
    outbox, old = give_up(outbox, NOW + OLDEST + timedelta(seconds=1))
    assert (outbox.waiting, [one.target for one in old]) == ((), ["mail"])


STEP: Final = st.sampled_from([*LetterKind, *TARGETS])


@given(st.lists(STEP, max_size=60))
def test_each_target_hears_an_end_after_each_beginning_and_no_end_without_one(steps):
    outbox, heard = Outbox(), {target: list[LetterKind]() for target in TARGETS}
    is_standing = False
    for number, step in enumerate(steps):
        if isinstance(step, LetterKind):
            kind = step if is_standing else LetterKind.RAISED
            is_standing = kind is not LetterKind.CLEARED
            outbox = post(outbox, [make(kind, number)], TARGETS)
        else:
            due = [one for one in outbox.list_next() if one.target == step]
            for one in due:
                outbox = settle(outbox, one)
                heard[step].append(one.message.kind)
    for target in TARGETS:
        heard[target] += [one.message.kind for one in outbox.waiting if one.target == target]
        is_open = False
        for kind in heard[target]:
            assert is_open or kind is not LetterKind.CLEARED
            is_open = kind is not LetterKind.CLEARED
        assert not is_open or is_standing


def test_the_book_is_read_as_it_was_written(tmp_path: Path):
    book = AlertBook(tmp_path / "data" / "alerts.json")
    assert book.read() == Page()
    facts: dict[str, str | int] = {"used_percent": 82, "free_gb": "1.0"}
    standing = Standing("disk", Condition.DISK_FULL, facts, NOW, NOW, NOW, Condition.DISK_WARN)
    untold = Standing("task:prune", Condition.PRUNE_FAILED, {}, NOW, NOW)
    state = AlertState({"disk": standing, "task:prune": untold}, {"disk": {Condition.DISK_WARN: NOW}})
    page = Page(state, deliver(post(Outbox(), [make(LetterKind.RAISED)], TARGETS), "mail"))
    book.write(page)
    assert book.read() == page
    assert book.list_standing() == [standing]
    assert [path.name for path in book.path.parent.iterdir()] == ["alerts.json"]
    book.path.write_bytes(book.path.read_bytes()[:-20])
    assert book.read() == Page() and not book.path.exists()
