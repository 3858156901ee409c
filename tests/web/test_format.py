from pathlib import Path

import pytest

from heygem.config.strings import Translator
from heygem.domain.job import LipSyncResult
from heygem.domain.media import TimeRange
from heygem.domain.progress import Progress, Stage
from heygem.web import format as fmt

ZH, EN = Translator("zh"), Translator("en")


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KB"), (12 * 1024**2, "12.0 MB"), (5000 * 1024**3, "5000.0 GB")],
)
def test_size(size_bytes: int, text: str) -> None:
    assert fmt.size(size_bytes) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (0.2, "0:01"), (59.1, "1:00"), (61, "1:01"), (3725, "1:02:05"), (-3, "0:00")]
)
def test_clock_rounds_up(seconds: float, text: str) -> None:
    assert fmt.clock(seconds) == text


def test_duration_has_a_decimal_under_a_minute() -> None:
    assert fmt.duration(3.44, ZH) == "3.4 秒"
    assert fmt.duration(3.44, EN) == "3.4 s"
    assert fmt.duration(59.99, EN) == "1:00"


def test_percent_rises_through_all_stages_and_ends_at_100() -> None:
    shares = [fmt.percent(Progress(stage, done, 10)) for stage in Stage for done in range(11)]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 100)
    assert fmt.percent(None) == 0


def test_percent_of_an_empty_or_overfull_stage() -> None:
    assert fmt.percent(Progress(Stage.RENDER, 0, 0)) == 40
    assert fmt.percent(Progress(Stage.RENDER, 12, 10)) == 100


def test_stage_line() -> None:
    assert fmt.stage_line(None, ZH) == "准备"
    assert fmt.stage_line(Progress(Stage.PREPARE, 1, 2), ZH) == "准备"
    assert fmt.stage_line(Progress(Stage.LISTEN, 3, 8), ZH) == "分析语音 · 3 / 8 秒"
    assert fmt.stage_line(Progress(Stage.TRACK, 3, 8), EN) == "Tracking the face · frame 3 of 8"
    assert fmt.stage_line(Progress(Stage.TRACK, 0, 0), EN) == "Tracking the face"


def test_eta_line() -> None:
    assert fmt.eta_line(Progress(Stage.TRACK, 3, 8, eta_s=61.2), ZH) == "剩余约 1:02"
    assert fmt.eta_line(Progress(Stage.TRACK, 3, 8), ZH) == ""


def test_result_facts() -> None:
    unchanged = (TimeRange(1, 2.5),)
    result = LipSyncResult(Path("a.mp4"), 250, 10.0, unchanged, stage_seconds={Stage.TRACK: 4.0, Stage.RENDER: 71.0})
    facts = dict(fmt.result_facts(result, 2 * 1024**2, ZH))
    assert facts == {
        "时长": "10.0 秒",
        "帧数": "250",
        "大小": "2.0 MB",
        "用时": "1:15",
        "保持原样的片段": "0:01.00-0:02.50",
    }


def test_many_stretches_are_cut_short() -> None:
    result = LipSyncResult(Path("a.mp4"), 250, 10.0, tuple(TimeRange(n, n + 0.5) for n in range(8)))
    assert fmt.stretches(result, EN).endswith("0:05.00-0:05.50 and 2 more")
