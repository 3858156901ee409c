"""The line on storage: how much, whose, how full, and until when."""

import re
from dataclasses import replace
from datetime import UTC, datetime

from heygem.config.strings import Translator
from heygem.domain.output_query import OutputPage, Usage, UsageBy
from heygem.library.retention import DiskFacts
from heygem.maintenance.disk_guard import DiskState
from heygem.web.storage_card import BARS, Storage, fold_rest, storage_card

ZH = Translator("zh")
GB = 1024**3
STORAGE = Storage(
    {
        UsageBy.OWNER: [Usage("", 2, 15 * GB), Usage("市场", 2, 10 * GB)],
        UsageBy.PROJECT: [Usage("<秋季>", 3, 20 * GB), Usage("", 1, 5 * GB)],
    },
    DiskFacts(100 * GB, 60 * GB),
    DiskState.OK,
    datetime(2027, 3, 1, 12, tzinfo=UTC),
)


def test_it_tells_what_is_used_and_when_the_disk_is_full() -> None:
    html = storage_card(STORAGE, ZH)
    for text in (
        "4 个视频，25.0 GB",
        "磁盘剩余 60.0 GB，共 100.0 GB",
        "2027-03-01",
        "&lt;秋季&gt;",
        "按署名",
        "未署名",
        "市场",
        "按项目",
        "无项目",
        "3 个 · 20.0 GB",
    ):
        assert text in html
    assert re.findall(r"width:([\d.]+)%", html) == ["25.00", "15.00"]
    assert re.findall(r"--share:([\d.]+)", html) == ["1.0000", "0.6667", "1.0000", "0.2500"]
    assert "hg-mark" not in html


def test_a_full_disk_and_what_goes_next_are_marked() -> None:
    html = storage_card(replace(STORAGE, disk_state=DiskState.FULL, leaving=OutputPage((), 7, GB)), ZH)
    assert "已暂停接受新任务" in html and "7 个即将到期，共 1.0 GB" in html and "2027" not in html
    away = storage_card(replace(STORAGE, archiving=OutputPage((), 3, GB)), ZH)
    assert "3 个即将只在归档里，共 1.0 GB" in away and "即将到期" not in away and 'data-tone="warn"' not in away
    assert "磁盘空间偏少" in storage_card(replace(STORAGE, disk_state=DiskState.WARN), ZH)


def test_an_empty_library_on_an_unknown_disk() -> None:
    html = storage_card(Storage(dict.fromkeys(UsageBy, ()), DiskFacts(0, 0), DiskState.OK, None), ZH)
    assert "0 个视频，0 B" in html and "hg-usage" not in html


def test_many_projects_are_folded() -> None:
    usages = [Usage(str(number), 2, 100 - number) for number in range(BARS + 3)]
    folded = fold_rest(usages, "rest")
    assert folded[-1] == Usage("rest", 6, sum(100 - number for number in range(BARS, BARS + 3)))
    assert len(folded) == BARS + 1
    for few in (usages[:BARS], usages[: BARS + 1]):
        assert fold_rest(few, "rest") == few
