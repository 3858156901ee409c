from pathlib import Path

from heygem.config.strings import Translator
from heygem.domain.errors import CancelledError, NoFaceError
from heygem.domain.job import JobState, JobStatus, LipSyncRequest, LipSyncResult
from heygem.domain.library import OutputState
from heygem.domain.progress import Progress, Stage
from heygem.web.cards import job_card
from heygem.web.finished import GONE, TRASHED, FinishedVideo

ZH = Translator("zh")
REQUEST = LipSyncRequest(Path("<b>.mp4"), Path("v.wav"), Path("out.mp4"))


def find_video(_: JobStatus) -> FinishedVideo:
    return FinishedVideo(OutputState.PRESENT, "gradio_api/file=a%20%231.mp4", 2048)


def test_no_job_no_card() -> None:
    assert job_card(None, ZH, find_video) == ""


def test_a_waiting_job_says_how_many_are_ahead() -> None:
    assert "前面还有 2 个任务" in job_card(JobStatus("1", REQUEST, ahead=2), ZH, find_video)


def test_names_are_escaped() -> None:
    card = job_card(JobStatus("1", REQUEST, JobState.RUNNING, progress=Progress(Stage.TRACK, 1, 2)), ZH, find_video)
    assert "<b>.mp4" not in card
    assert "&lt;b&gt;.mp4" in card


def test_a_failure_is_explained() -> None:
    card = job_card(JobStatus("1", REQUEST, JobState.FAILED, error=NoFaceError(Path("a.mp4"))), ZH, find_video)
    assert "没有找到可用的人脸" in card
    assert "[FACE_NOT_FOUND]" in card


def test_a_cancelled_job_is_no_error() -> None:
    card = job_card(JobStatus("1", REQUEST, JobState.CANCELLED, error=CancelledError()), ZH, find_video)
    assert 'data-tone="quiet"' in card


def test_a_result_links_to_where_it_is_now() -> None:
    status = JobStatus("1", REQUEST, JobState.SUCCEEDED, result=LipSyncResult(Path("a #1.mp4"), 50, 2.0))
    card = job_card(status, ZH, find_video)
    assert card.count("a%20%231.mp4") == 2 and "2.0 KB" in card and "仅在归档" not in card
    away = job_card(status, ZH, lambda _: FinishedVideo(OutputState.ARCHIVED, "media/x.mp4", 2048))
    assert 'src="media/x.mp4"' in away and 'download="a #1.mp4"' in away and "仅在归档" in away


def test_a_result_whose_file_is_gone_or_in_the_trash_says_so() -> None:
    status = JobStatus("1", REQUEST, JobState.SUCCEEDED, result=LipSyncResult(Path("gone.mp4"), 50, 2.0))
    assert "已不在输出文件夹里" in job_card(status, ZH, lambda _: GONE)
    assert "回收站" in job_card(status, ZH, lambda _: TRASHED)
