import logging
import logging.config
import re
import subprocess
import sys
from pathlib import Path

import pytest

from heygem.config.logs import FILE_NAME, set_up_logs

pytestmark = pytest.mark.usefixtures("own_log")


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


def test_who_closes_all_handlers_does_not_end_the_log(tmp_path: Path):
    """As web servers do that set up logs of their own."""
    set_up_logs(tmp_path)
    log = logging.getLogger("heygem.maintenance")
    log.info("before")
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})
    log.info("after")
    assert [line.split(": ")[1] for line in (tmp_path / FILE_NAME).read_text().splitlines()] == ["before", "after"]


def test_no_secret_reaches_the_file_or_the_shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    set_up_logs(tmp_path)
    try:
        raise ValueError("https://cdn.example/a?sig=hunter2")
    except ValueError:
        logging.getLogger("heygem.jobs").exception("token=%s", "hunter2")
    written = (tmp_path / FILE_NAME).read_text() + capsys.readouterr().err
    assert "ValueError" in written and "hunter2" not in written


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


WRITER = """
import logging, sys
from pathlib import Path
from heygem.config.logs import set_up_logs
set_up_logs(Path(sys.argv[1]), sys.argv[2])
for number in range(int(sys.argv[3])):
    logging.getLogger("heygem.jobs").info("%05d %s", number, "x" * 20_000)
"""


def test_lines_of_several_processes_do_not_mix_and_none_is_lost_while_the_file_is_renamed(tmp_path: Path):
    count = 200
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path, f"w{name}", str(count)], cwd=Path(__file__).parents[2]
        )
        for name in range(3)
    ]
    renamed = 0
    while any(writer.poll() is None for writer in writers):
        if (tmp_path / FILE_NAME).exists():
            (tmp_path / FILE_NAME).rename(tmp_path / f"{renamed:04d}.log")
            renamed += 1
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    assert renamed > 1
    lines = [line for path in tmp_path.iterdir() for line in path.read_text("utf-8").splitlines()]
    found = [re.fullmatch(r"\S+Z INFO heygem\.jobs \[(w\d)\]: (\d{5}) x{20000}", line) for line in lines]
    told = sorted((match[1], int(match[2])) for match in found if match)
    assert len(told) == len(lines) and told == [(f"w{name}", number) for name in range(3) for number in range(count)]
