"""What the library knows of its videos, and what can be asked of it: the same on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from heygem.domain.errors import MediaNotFoundError, OutputNotFoundError
from heygem.domain.library import OutputKind, OutputState
from heygem.domain.output_query import OutputOrder, OutputQuery, Usage, UsageBy
from heygem.library.retention import CountsFrom, RetentionRules, find_due_at
from tests.fakes import write_video
from tests.library.conftest import NOON, Shelf, write_sidecar


def test_the_sidecar_tells(shelf: Shelf):
    output_id = shelf.make("市场_v1.mp4", 1234, "me", "p", person="王.mp4", problems=("black_frames",))
    record = shelf.library.get(output_id)
    assert (record.path, record.title) == (shelf.root / "2026-05-01/me/市场_v1.mp4", "市场_v1")
    assert (record.owner, record.project, record.job_id, record.kind) == ("me", "p", "job", OutputKind.IMPORTANT)
    assert (record.size_bytes, record.duration_s, record.width, record.height) == (1234, 20.0, 640, 480)
    assert (record.person, record.voice, record.problems) == ("王.mp4", "voice.wav", ("black_frames",))
    assert record.created_at == NOON and record.used_at is not None and record.trashed_at is None
    with pytest.raises(OutputNotFoundError):
        shelf.library.get("another")


def test_without_a_sidecar_the_file_tells(shelf: Shelf):
    write_video(shelf.root / "a.mp4", seconds=1)
    (shelf.root / "a.json").write_text('{"a": "stranger\'s"}')
    record = shelf.library.get(shelf.library.add(shelf.root / "a.mp4"))
    assert (record.width, record.height, record.duration_s, record.person) == (320, 240, 1.0, "")
    broken = shelf.library.get(shelf.library.add(shelf.put("b.mp4")))
    assert (broken.width, broken.duration_s, broken.size_bytes) == (0, 0.0, 10)
    with pytest.raises(MediaNotFoundError):
        shelf.library.add(shelf.root / "none.mp4")


def test_added_again_it_is_the_same_and_keeps_what_was_said_of_it(shelf: Shelf):
    first = shelf.make("a.mp4", owner="me", project="p")
    shelf.library.set_kind([first], OutputKind.PINNED)
    shelf.library.rename(first, " 新标题 ")
    shelf.library.set_tags(first, ["春", " ", "春", "launch"])
    assert shelf.library.add(shelf.put("2026-05-01/me/a.mp4", 77)) == first
    record = shelf.library.get(first)
    assert (record.title, record.tags, record.kind) == ("新标题", ("春", "launch"), OutputKind.PINNED)
    assert (record.owner, record.project, record.job_id, record.size_bytes) == ("me", "p", "job", 77)
    for say in (shelf.library.rename, shelf.library.set_tags):
        with pytest.raises(OutputNotFoundError):
            say("another", "x")


def test_every_word_must_occur_somewhere(shelf: Shelf):
    first = shelf.make("市场_季度汇报_v1.mp4", owner="李雷", person="Straße.mp4", voice="ＡＢＣ.wav")
    shelf.make("100%_done.mp4", project="Ünïcode e\u0301")
    shelf.make("100x_dune.mp4")
    shelf.library.set_tags(first, ["Привет Мир"])
    for words in ("季度", "汇报 李雷", "STRASSE", "abc", "ａｂｃ", "привет", "МИР 市场 .WAV"):
        assert shelf.names(words) == ["市场_季度汇报_v1"], words
    assert shelf.names("100%") == shelf.names("%_d") == ["100%_done"]
    assert shelf.names("ÜNÏCODE É") == shelf.names("u\u0308ni\u0308") == ["100%_done"]
    assert shelf.names("市场 nothing") == shelf.names("'; --") == shelf.names("\\") == []
    shelf.library.rename(first, "别的")
    assert shelf.names("别的") == shelf.names("季度") == ["市场_季度汇报_v1"]  # the file keeps its name


def test_bounds_orders_and_pages(shelf: Shelf):
    for number, name in enumerate("dcab"):
        shelf.make(f"{name}.mp4", 10 * (number + 1), "me" if number % 2 else "you", "p", made_h=number,
                   duration_s=[5, 8, 6, 7][number])  # fmt: skip
    assert shelf.names() == ["b", "a", "c", "d"] == shelf.names(order=OutputOrder.LARGEST)
    assert shelf.names(order=OutputOrder.OLDEST) == ["d", "c", "a", "b"]
    assert shelf.names(order=OutputOrder.LONGEST) == ["c", "b", "a", "d"]
    assert shelf.names(order=OutputOrder.NAME) == ["a", "b", "c", "d"]
    assert shelf.names(limit=2, offset=1) == ["a", "c"]
    page = shelf.library.search(OutputQuery(limit=1, offset=9, owner="me"))
    assert (page.records, page.total, page.total_bytes) == ((), 2, 60)
    page = shelf.library.search(OutputQuery(limit=3, owner="me"))
    assert (len(page.records), page.total, page.total_bytes) == (2, 2, 60)
    assert shelf.names(owner="me") == ["b", "c"] and shelf.names(owner="") == []
    assert shelf.names(min_size=20, max_size=40) == ["a", "c"]
    assert shelf.names(made_after=NOON + timedelta(hours=1), made_before=NOON + timedelta(hours=3)) == ["a", "c"]
    pinned = shelf.library.find_ids(OutputQuery(words="d"))
    shelf.library.set_kind(pinned, OutputKind.PINNED)
    assert shelf.names(kind=OutputKind.PINNED, project="p") == ["d"]
    shelf.library.trash(pinned)
    assert shelf.names(kind=OutputKind.PINNED) == [] and shelf.names(state=OutputState.TRASHED) == ["d"]
    assert len(shelf.names(state=None)) == 4 == len(shelf.library.list_records())


@pytest.mark.parametrize("counts_from", CountsFrom)
def test_what_expires_is_what_retention_says(shelf: Shelf, counts_from: CountsFrom):
    rules = RetentionRules(
        {OutputKind.TEST: 1.0, OutputKind.STANDARD: 3.0, OutputKind.IMPORTANT: None},
        {"short": 2.0, "for ever": None},
        counts_from,
    )
    library = replace(shelf.library, rules=rules)
    for kind in OutputKind:
        for project in ("", "short", "for ever"):
            output_id = shelf.make(f"{kind} {project}.mp4", project=project)
            library.set_kind([output_id], kind)
    start = library.get(output_id).used_at if counts_from is CountsFrom.USED else NOON
    assert start is not None
    for hours in (23, 25, 49, 73):
        before = start + timedelta(hours=hours)
        query = OutputQuery(expires_before=before)
        due = {r.output_id for r in library.list_records() if (due_at := find_due_at(r, rules)) and due_at < before}
        assert set(library.find_ids(query)) == due and (len(due) > 0) == (hours > 24)
    assert shelf.library.find_ids(query) == []  # without rules


def test_playing_it_counts(shelf: Shelf):
    output_id = shelf.make("a.mp4")
    before = shelf.library.get(output_id).used_at
    shelf.library.touch(output_id)
    after = shelf.library.get(output_id).used_at
    assert before is not None and after is not None and after > before


def test_usage(shelf: Shelf):
    for name, owner, size in (("a", "x", 10), ("b", "y", 50), ("c", "x", 20), ("d", "y", 100)):
        output_id = shelf.make(f"{name}.mp4", size, owner)
    shelf.library.trash([output_id])
    assert shelf.library.list_usage(UsageBy.OWNER) == [Usage("y", 1, 50), Usage("x", 2, 30)]
    assert shelf.library.list_usage(UsageBy.PROJECT) == [Usage("", 3, 80)]


def test_many_at_once(shelf: Shelf):
    write_sidecar(shelf.put("a.mp4"))
    ids = [shelf.make(f"{number}.mp4") for number in range(210)]
    shelf.library.set_kind(ids, OutputKind.TEST)
    assert shelf.library.search(OutputQuery(kind=OutputKind.TEST)).total == 210
    assert shelf.library.trash(ids).count == 210 == shelf.library.restore(ids)
