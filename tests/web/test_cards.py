from pathlib import Path

from heygem.config.strings import Translator
from heygem.domain.errors import CancelledError, NoFaceError
from heygem.domain.job import JobState, JobStatus, LipSyncRequest, LipSyncResult
from heygem.domain.progress import Progress, Stage
from heygem.web.address import url_of
from heygem.web.cards import job_card

ZH = Translator("zh")
REQUEST = LipSyncRequest(Path("<b>.mp4"), Path("v.wav"), Path("out.mp4"))


def test_no_job_no_card() -> None:
    assert job_card(None, ZH, url_of) == ""


def test_a_waiting_job_says_how_many_are_ahead() -> None:
    assert "前面还有 2 个任务" in job_card(JobStatus("1", REQUEST, ahead=2), ZH, url_of)


def test_names_are_escaped() -> None:
    card = job_card(JobStatus("1", REQUEST, JobState.RUNNING, progress=Progress(Stage.TRACK, 1, 2)), ZH, url_of)
    assert "<b>.mp4" not in card
    assert "&lt;b&gt;.mp4" in card


def test_a_failure_is_explained() -> None:
    card = job_card(JobStatus("1", REQUEST, JobState.FAILED, error=NoFaceError(Path("a.mp4"))), ZH, url_of)
    assert "没有找到可用的人脸" in card
    assert "[FACE_NOT_FOUND]" in card


def test_a_cancelled_job_is_no_error() -> None:
    card = job_card(JobStatus("1", REQUEST, JobState.CANCELLED, error=CancelledError()), ZH, url_of)
    assert 'data-tone="quiet"' in card


def test_a_result_links_to_its_file(tmp_path: Path) -> None:
    path = tmp_path / "a 100% #1.mp4"
    path.write_bytes(b"x" * 2048)
    card = job_card(JobStatus("1", REQUEST, JobState.SUCCEEDED, result=LipSyncResult(path, 50, 2.0)), ZH, url_of)
    assert "a%20100%25%20%231.mp4" in card
    assert "2.0 KB" in card


def test_a_result_whose_file_is_gone_says_so() -> None:
    gone = LipSyncResult(Path("gone.mp4"), 50, 2.0)
    assert "已不在输出文件夹里" in job_card(JobStatus("1", REQUEST, JobState.SUCCEEDED, result=gone), ZH, url_of)
