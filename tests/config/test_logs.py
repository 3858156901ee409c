import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from heygem.config.logs import FILE_NAME, set_up_logs


@pytest.fixture(autouse=True)
def untouched_logger() -> Iterator[None]:
    """The handlers of this test's log are closed after it."""
    yield
    ours = logging.getLogger("heygem")
    for handler in ours.handlers[:]:
        ours.removeHandler(handler)
        handler.close()
    ours.propagate = True


def test_lines_have_a_utc_time_and_the_file_has_the_traceback(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert set_up_logs(tmp_path / "logs") == tmp_path / "logs" / FILE_NAME
    log = logging.getLogger("heygem.jobs")
    log.info("quiet 声音")
    try:
        raise ValueError("inner")
    except ValueError:
        log.exception("loud")
    text = (tmp_path / "logs" / FILE_NAME).read_text(encoding="utf-8")
    assert re.search(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO heygem.jobs: quiet 声音$", text, re.MULTILINE)
    assert "Traceback" in text
    assert capsys.readouterr().err == "error: loud\n"


def test_setting_up_twice_writes_once(tmp_path: Path):
    set_up_logs(tmp_path)
    set_up_logs(tmp_path)
    logging.getLogger("heygem").info("once")
    assert (tmp_path / FILE_NAME).read_text().count("once") == 1


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "file").write_text("")
    assert set_up_logs(tmp_path / "file" / "logs") is None
    assert "no log" in capsys.readouterr().err


def test_what_a_command_says_is_not_said_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    set_up_logs(tmp_path)
    for name in ("commands.frame", "media.encode", "pipeline.generate"):
        logging.getLogger(f"heygem.{name}").error("ended")
    assert capsys.readouterr().err == ""
