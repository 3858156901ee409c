"""Finished videos as HTML: what is told of each, and what can be done with it where it is."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from heygem.config.strings import Translator
from heygem.domain.archive_errors import ArchiveCopyLostError
from heygem.domain.library import OutputKind, OutputRecord, OutputState
from heygem.library.fetching import Fetching
from heygem.library.retention import ArchiveRules, RetentionRules
from heygem.web import history_cards as cards
from heygem.web.history_panel import panel_row
from heygem.web.history_prospect import Prospect, find_prospect, span_text
from heygem.web.history_query import PAGE_SIZE, Filters, Paging, Shelf

ZH = Translator("zh")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
RECORD = OutputRecord(
    "id7", Path("out/a 1.mp4"), project="P&Q", title="<b>", size_bytes=3 * 1024**2, duration_s=75.0, width=640,
    height=360, created_at=NOW - timedelta(days=1), person="x.mp4", voice="v.wav", tags=("t1", "t2"),
    problems=("still_mouth",),
)  # fmt: skip


def card(record: OutputRecord, due_at: datetime | None = None, is_all: bool = False, **prospect: Any) -> str:
    return cards.output_row(record, is_all, Prospect(due_at, **prospect), NOW, ZH).html


def actions(html: str) -> set[str]:
    return set(re.findall(r'data-action="([\w:-]+)"', html))


def test_a_card_tells_what_is_known() -> None:
    html = card(RECORD, NOW + timedelta(days=9))
    for text in (
        "&lt;b&gt;",
        "P&amp;Q",
        "1:15",
        "3.0 MB",
        "media/id7.jpg",
        "还有 9 天",
        "说话时嘴几乎不动",
        'download="a 1.mp4"',
    ):
        assert text in html
    assert actions(html) == {"pick", "pin", "trash"} and "data-check" in html
    assert "<img" not in card(replace(RECORD, width=0))  # what cannot be read has no picture
    assert 'data-tone="warn"' in card(replace(RECORD, problems=()), NOW + timedelta(hours=5))


def test_a_pinned_video_has_no_end() -> None:
    html = card(replace(RECORD, kind=OutputKind.PINNED))
    assert 'aria-pressed="true"' in html and "还有" not in html


def test_what_can_be_done_depends_on_where_it_is() -> None:
    trashed = replace(RECORD, state=OutputState.TRASHED)
    assert actions(card(trashed, NOW + timedelta(hours=30))) == {"pick", "restore", "purge"}
    assert "30 小时后彻底删除" in card(trashed, NOW + timedelta(hours=30)) and "3.0 MB" in card(trashed)
    missing = card(replace(RECORD, state=OutputState.MISSING))
    assert actions(missing) == {"pick", "purge"} and "<img" not in missing
    assert actions(card(RECORD, is_all=True)) == actions(card(RECORD)) and "data-check" not in card(RECORD, is_all=True)


def test_the_panel_plays_and_describes_it() -> None:
    row = panel_row(RECORD, Prospect(), NOW, ZH)
    for text in ('src="media/id7.mp4"', "640×360", "x.mp4", "v.wav", 'value="t1 t2"', "media/id7.json", "永久"):
        assert text in row.html
    assert {f"kind:{kind}" for kind in OutputKind} | {"trash", "close"} == actions(row.html)
    assert "<video" not in panel_row(replace(RECORD, state=OutputState.TRASHED), Prospect(NOW), NOW, ZH).html


@pytest.mark.parametrize(
    ("shelf", "can"),
    [
        (Shelf.PRESENT, {"zip", "trash-checked"}),
        (Shelf.EXPIRING, {"zip", "trash-checked"}),
        (Shelf.TRASHED, {"restore-checked", "purge-checked"}),
        (Shelf.ARCHIVED, {"zip", "fetch-checked", "unarchive-checked"}),
        (Shelf.MISSING, {"purge-checked"}),
    ],
)
def test_the_head_offers_what_is_possible(shelf: Shelf, can: set[str]) -> None:
    paging = Paging(0, PAGE_SIZE + 1, 1024)
    head = cards.history_head(paging, Filters(shelf=shelf), False, ZH)
    assert actions(head) == can | {"choose-all"}
    chosen = cards.history_head(paging, Filters(shelf=shelf), True, ZH)
    assert "已选中全部 25 个" in chosen and "choose-none" in actions(chosen) and "needs-checked" not in chosen


def test_all_that_match_are_packed_by_an_address_that_says_which() -> None:
    head = cards.history_head(Paging(0, 3, 1024), Filters(words="季度 a&b", project=""), True, ZH)
    assert "media/matching.zip?words=%E5%AD%A3%E5%BA%A6+a%26b&amp;" in head and "project=&amp;" in head


def test_pages_end() -> None:
    first, last = (cards.pager_row(Paging(page, PAGE_SIZE + 1, 0), ZH).html for page in (0, 1))
    assert re.findall(r'"(\w+)" disabled', first) == ["previous"] and re.findall(r'"(\w+)" disabled', last) == ["next"]
    assert "第 2 / 2 页" in last


@pytest.mark.parametrize(
    ("hours", "text"), [(-5, "0 小时"), (1.9, "1 小时"), (47.9, "47 小时"), (48, "2 天"), (719, "29 天")]
)
def test_spans(hours: float, text: str) -> None:
    assert span_text(timedelta(hours=hours), ZH) == text


def test_when_it_leaves_where_it_is() -> None:
    rules = RetentionRules({OutputKind.IMPORTANT: 30}, trash_hours=72)
    assert RECORD.created_at is not None
    assert find_prospect(RECORD, rules).due_at == RECORD.created_at + timedelta(days=30)
    trashed = replace(RECORD, state=OutputState.TRASHED, trashed_at=NOW)
    assert find_prospect(trashed, rules).due_at == NOW + timedelta(days=3)
    assert find_prospect(replace(RECORD, kind=OutputKind.PINNED), rules).due_at is None
    assert find_prospect(RECORD, None).due_at is None


def test_what_leaves_for_the_archive_is_not_said_to_go() -> None:
    plain = RetentionRules({OutputKind.IMPORTANT: 30})
    rules = replace(plain, archive=ArchiveRules([OutputKind.IMPORTANT]))
    archived = replace(RECORD, archived_at=NOW)
    kept = [find_prospect(one, asked).is_kept for one in (RECORD, archived) for asked in (plain, rules)]
    assert kept == [False, True, True, True]
    assert not find_prospect(replace(RECORD, kind=OutputKind.TEST), rules).is_kept
    soon = card(replace(archived, problems=()), NOW + timedelta(hours=5), is_kept=True)
    assert "5 小时后仅在归档" in soon and 'data-tone="warn"' not in soon and "已归档" in soon
    trashed = replace(archived, state=OutputState.TRASHED)
    assert "归档里的副本会保留" in card(trashed, NOW, is_kept=True) and "3 小时后仅在归档" in card(
        trashed, NOW + timedelta(hours=3), is_kept=True
    )


def test_what_the_archive_alone_has_is_played_fetched_and_deleted_there() -> None:
    record = replace(RECORD, state=OutputState.ARCHIVED, archived_at=NOW)
    html, panel = card(record), panel_row(record, Prospect(), NOW, ZH).html
    assert actions(html) == {"pick", "fetch", "unarchive"} and "仅在归档" in html and "media/id7.jpg" in html
    assert 'src="media/id7.mp4"' in panel and {"fetch", "unarchive"} <= actions(panel)
    fetching = Fetching(1000, 420)
    coming, watched = card(record, fetching=fetching), panel_row(record, Prospect(fetching=fetching), NOW, ZH).html
    assert "正在恢复 42%" in coming and "width:42.0%" in coming and actions(coming) == {"pick", "unfetch"}
    assert "width:42.0%" in watched and "unfetch" in actions(watched) and "fetch" not in actions(watched)
    assert "等待恢复" in card(record, fetching=Fetching(1000))
    failed = Fetching(1000, 420, ArchiveCopyLostError(name="<a>"))
    assert "恢复失败" in card(record, fetching=failed) and "fetch" in actions(card(record, fetching=failed))
    assert "&lt;a&gt;" in panel_row(record, Prospect(fetching=failed), NOW, ZH).html
