"""Batches and their jobs as HTML: what is told in each state, and what can be done."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from heygem.config.strings import Translator
from heygem.domain.errors import NoFaceError
from heygem.domain.inspection import Preflight, QualityReport
from heygem.domain.job import JobState, JobStatus, LipSyncRequest, LipSyncResult
from heygem.domain.library import OutputState
from heygem.domain.progress import Progress, Stage
from heygem.domain.queue import BatchStatus
from heygem.web.batch_cards import batch_row, board_rows, job_row, more_row
from heygem.web.finished import GONE, FinishedVideo

ZH = Translator("zh")
REQUEST = LipSyncRequest(Path("<b>.mp4"), Path("v.wav"), Path("out.mp4"))
VIDEO = FinishedVideo(OutputState.PRESENT, "gradio_api/file=a%201.mp4", 9)
PLAN = Preflight(100, 4.0, 61.0, 1000, ("several_faces",))


def make_batch(**counts: int) -> BatchStatus:
    by_state = {JobState(name): count for name, count in counts.items()}
    return BatchStatus("b", "<i>", "me", "P&Q", datetime.now(UTC), by_state, share=0.523, eta_s=125.0, current="a.mp4")


def show(state: JobState, is_own: bool = True, **facts: object) -> str:
    return job_row(JobStatus("j", REQUEST, state, **facts), is_own, ZH, VIDEO).html  # type: ignore[arg-type]  # by tests


def actions(html: str) -> set[str]:
    return set(re.findall(r'data-action="([\w-]+)"', html))


def test_a_batch_tells_how_far_it_is() -> None:
    html = batch_row(make_batch(succeeded=2, running=1, queued=3), True, True, ZH).html
    for text in ("2/6", "52%", "当前处理视频：a.mp4", "剩余约 2:05", "已完成 2", "排队中 3", "&lt;i&gt;", "P&amp;Q"):
        assert text in html
    assert 'aria-expanded="true"' in html


def test_a_batch_is_at_100_percent_only_when_it_has_ended() -> None:
    nearly = BatchStatus("b", "n", "", "", datetime.now(UTC), {JobState.RUNNING: 1}, share=1.0)
    assert "99%" in batch_row(nearly, True, True, ZH).html
    assert "100%" in batch_row(make_batch(succeeded=1, failed=1), True, True, ZH).html


@pytest.mark.parametrize(
    ("counts", "can"),
    [
        ({"queued": 1, "running": 1}, {"pause-batch", "cancel-batch"}),
        ({"paused": 2}, {"resume-batch", "cancel-batch"}),
        ({"succeeded": 2, "failed": 1}, {"retry-batch"}),
        ({"succeeded": 2}, set()),
    ],
)
def test_a_batch_offers_what_is_possible(counts: dict[str, int], can: set[str]) -> None:
    assert actions(batch_row(make_batch(**counts), True, True, ZH).html) == can | {"toggle"}
    assert actions(batch_row(make_batch(**counts), True, False, ZH).html) == {"toggle"}


def test_a_waiting_job() -> None:
    html = show(JobState.QUEUED, ahead=2, preflight=PLAN)
    for text in ("前面还有 2 个", "预计用时 1:01", "请确认选对了说话的那一张", "thumbnails/j.jpg", "&lt;b&gt;.mp4"):
        assert text in html
    assert actions(html) == {"up", "down", "pause", "cancel"}
    assert "检查中" in show(JobState.QUEUED) and "<img" not in show(JobState.QUEUED)


def test_a_running_job() -> None:
    html = show(JobState.RUNNING, progress=Progress(Stage.RENDER, 50, 100, eta_s=31.0))
    for text in ("70%", "生成画面 · 50 / 100 帧", "剩余约 0:31", 'aria-valuenow="70"'):
        assert text in html
    assert actions(html) == {"pause", "cancel"}
    assert "正在停下" in show(JobState.RUNNING, is_asked_to_stop=True)
    assert actions(show(JobState.RUNNING, is_asked_to_stop=True)) == set()


def test_a_finished_job_plays_and_downloads_for_everybody() -> None:
    result = LipSyncResult(Path("a 1.mp4"), 100, 4.0, stage_seconds={"render": 75.0})
    html = show(JobState.SUCCEEDED, is_own=False, result=result, quality=QualityReport(100, 4.0, 1.0))
    for text in ("4.0 秒", "用时 1:15", "a%201.mp4", 'download="a 1.mp4"'):
        assert text in html
    assert actions(html) == {"play"}
    gone = job_row(JobStatus("j", REQUEST, JobState.SUCCEEDED, result=result), True, ZH, GONE).html
    assert "“a 1.mp4”已不在输出文件夹里" in gone and actions(gone) == set() and "download" not in gone
    away = FinishedVideo(OutputState.ARCHIVED, "media/x.mp4", 9)
    archived = job_row(JobStatus("j", REQUEST, JobState.SUCCEEDED, result=result), True, ZH, away).html
    assert "仅在归档" in archived and 'data-url="media/x.mp4"' in archived and "仅在归档" not in html


def test_a_failed_job_says_why_and_may_be_tried_again() -> None:
    html = show(JobState.FAILED, error=NoFaceError(Path("b.mp4")))
    assert "[FACE_NOT_FOUND]" in html and actions(html) == {"retry"}
    assert actions(show(JobState.CANCELLED)) == {"retry"}
    assert actions(show(JobState.FAILED, is_own=False)) == set()


def test_a_paused_job() -> None:
    assert actions(show(JobState.PAUSED, preflight=PLAN)) == {"up", "down", "resume", "cancel"}


def test_a_long_batch_has_a_row_for_more_and_an_empty_board_says_so() -> None:
    batch = make_batch(queued=500)
    assert "还有 400 个" in more_row(batch, 400, ZH).html
    assert "还没有批量任务" in board_rows([], ZH)[0].html
    assert len(board_rows([[more_row(batch, 1, ZH)]], ZH)) == 1
