"""The log read back: in its order, by level and words, across files that were put aside."""

import gzip
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heygem.config.logs import FILE_NAME, UtcFormatter
from heygem.maintenance import log_reader
from heygem.maintenance.log_reader import LogFilter, LogPosition, follow_log, read_log
from heygem.maintenance.log_rotation import LogRotation

ALL = LogFilter()
LONG_S = 60.0


def write(folder: Path, *texts: str, level: int = logging.INFO, process: str = "") -> None:
    with (folder / FILE_NAME).open("ab") as file:
        for text in texts:
            record = logging.LogRecord("heygem.jobs.worker", level, "", 0, text, None, None)
            file.write(f"{UtcFormatter(process).format(record)}\n".encode(errors="backslashreplace"))


def texts(folder: Path, wanted: LogFilter = ALL, limit: int = 100) -> list[str]:
    return [entry.text for entry in read_log(folder, wanted, limit, LONG_S).entries]


def test_the_newest_comes_first_and_says_who_wrote_it(tmp_path: Path):
    write(tmp_path, "one")
    write(tmp_path, "two", level=logging.ERROR, process="render cpu 7")
    newest, oldest = read_log(tmp_path, ALL, 10, LONG_S).entries
    assert (newest.text, newest.level, newest.logger, newest.process) == (
        "two", "ERROR", "heygem.jobs.worker", "render cpu 7",
    )  # fmt: skip
    assert (oldest.text, oldest.process) == ("one", "")
    assert abs(datetime.now(UTC) - newest.at) < timedelta(minutes=1)


def test_a_traceback_belongs_to_its_entry(tmp_path: Path):
    write(tmp_path, "failed\nTraceback (most recent call last):\n  boom", "after")
    assert texts(tmp_path) == ["after", "failed\nTraceback (most recent call last):\n  boom"]
    assert texts(tmp_path, LogFilter(words="boom failed")) == ["failed\nTraceback (most recent call last):\n  boom"]


def test_level_and_words_choose(tmp_path: Path):
    write(tmp_path, "任务 甲.mp4 完成", "Other.MP4")
    write(tmp_path, "甲.mp4 坏了", level=logging.WARNING)
    assert texts(tmp_path, LogFilter("WARNING")) == ["甲.mp4 坏了"]
    assert texts(tmp_path, LogFilter(words="甲 MP4")) == ["甲.mp4 坏了", "任务 甲.mp4 完成"]
    assert texts(tmp_path, LogFilter(words="other.mp4")) == ["Other.MP4"]


LINES = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=40), max_size=60)


@settings(deadline=None, max_examples=60)
@given(lines=LINES, block=st.integers(60, 400), limit=st.integers(1, 70))
def test_what_is_read_back_is_what_was_written(tmp_path_factory: pytest.TempPathFactory, lines, block, limit):
    folder = tmp_path_factory.mktemp("log")
    write(folder, *lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_reader, "BLOCK", block)
        assert texts(folder, limit=limit) == [line.rstrip("\n") for line in reversed(lines)][:limit]


def test_what_was_put_aside_is_read_too_packed_or_not(tmp_path: Path):
    rotation, now = LogRotation(tmp_path, 1, 7, 10**9), datetime(2026, 1, 1, tzinfo=UTC)
    for hours, text in enumerate(("first", "second", "third")):
        write(tmp_path, text, f"{text} again")
        rotation.run(now + timedelta(hours=hours))
    write(tmp_path, "now")
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".gz", ".gz", ".log", ".log"]
    wanted = ["now", "third again", "third", "second again", "second", "first again", "first"]
    assert texts(tmp_path) == wanted
    assert texts(tmp_path, limit=4) == wanted[:4]


def test_following_reads_only_what_is_new(tmp_path: Path):
    write(tmp_path, "old")
    page = read_log(tmp_path, ALL, 10, LONG_S)
    fresh = follow_log(tmp_path, ALL, page.position)
    assert fresh is not None and fresh.entries == ()
    write(tmp_path, "new", "newer")
    with (tmp_path / FILE_NAME).open("ab") as file:
        file.write(b"2026-01-01T00:00:00.000Z INFO heygem.x: half a li")
    fresh = follow_log(tmp_path, ALL, page.position)
    assert fresh is not None
    assert [entry.text for entry in fresh.entries] == ["newer", "new"]
    assert not {entry.key for entry in fresh.entries} & {entry.key for entry in page.entries}


def test_a_log_that_was_put_aside_is_read_anew(tmp_path: Path):
    write(tmp_path, "old")
    position = read_log(tmp_path, ALL, 10, LONG_S).position
    (tmp_path / FILE_NAME).rename(tmp_path / "heygem-20260101T000000Z.log")
    assert follow_log(tmp_path, ALL, position) is None
    write(tmp_path, "a new file that is longer than the old one was")
    assert follow_log(tmp_path, ALL, position) is None
    assert texts(tmp_path)[-1] == "old"


def test_no_log_is_an_empty_one(tmp_path: Path):
    assert read_log(tmp_path, ALL, 10, LONG_S).entries == ()
    assert follow_log(tmp_path, ALL, LogPosition()) is not None


def test_a_search_that_takes_long_says_how_far_it_came(tmp_path: Path):
    write(tmp_path, "one", "two")
    page = read_log(tmp_path, LogFilter(words="none"), 10, budget_s=0)
    assert page.back_to is not None
    assert read_log(tmp_path, LogFilter(words="none"), 10, LONG_S).back_to is None


def test_a_damaged_packed_log_does_not_hide_the_others(tmp_path: Path):
    with gzip.open(tmp_path / "heygem-20260102T000000Z.log.gz", "wb") as file:
        file.write(b"x" * 5000)
    packed = tmp_path / "heygem-20260102T000000Z.log.gz"
    packed.write_bytes(packed.read_bytes()[:20])
    write(tmp_path, "old")
    (tmp_path / FILE_NAME).rename(tmp_path / "heygem-20260101T000000Z.log")
    write(tmp_path, "now")
    assert texts(tmp_path) == ["now", "old"]


def test_of_a_packed_log_that_was_cut_off_what_comes_before_is_read(tmp_path: Path):
    write(tmp_path, *map(str, range(3000)))
    whole = gzip.compress((tmp_path / FILE_NAME).read_bytes())
    (tmp_path / FILE_NAME).unlink()
    (tmp_path / "heygem-20260101T000000Z.log.gz").write_bytes(whole[: len(whole) // 2])
    read = texts(tmp_path, limit=3000)[::-1]
    assert len(read) > 100 and read[:-1] == [str(number) for number in range(len(read) - 1)]
