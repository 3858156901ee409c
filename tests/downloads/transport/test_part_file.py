"""What has been recorded of a file stays as it was, whoever else writes, until it is lost."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from heygem.domain.models import ModelFile
from heygem.downloads.transport.part_file import ClosedError, PartFile
from heygem.downloads.transport.partial import discard_partial, part_path, partial_bytes

WANTED = ModelFile("x", 1000, "0")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "x"


@pytest.fixture
def part(target: Path) -> Iterator[PartFile]:
    part = PartFile(WANTED, target)
    yield part
    part.close()


def put(part: PartFile, start: int, end: int, byte: bytes, origin: str = "here") -> None:
    part.write(start, memoryview(byte * (end - start)))
    part.note(start, end, origin, "")


def read(part: PartFile, start: int, end: int) -> bytes:
    return part.read(start, end - start)


def test_who_comes_later_changes_nothing_that_is_recorded(part: PartFile):
    put(part, 100, 200, b"a")
    put(part, 50, 250, b"b", "there")
    assert read(part, 50, 250) == b"b" * 50 + b"a" * 100 + b"b" * 50
    assert part.origins_of(0, 1000) == {"here": 100, "there": 100}
    part.lose(100, 150)
    put(part, 0, 1000, b"c", "third")
    assert read(part, 100, 200) == b"c" * 50 + b"a" * 50


def test_nothing_is_recorded_while_somebody_is_writing_there(part: PartFile, monkeypatch: pytest.MonkeyPatch):
    real, may_write = os.pwrite, threading.Event()

    def slow(file: int, data: memoryview, offset: int) -> int:
        may_write.wait(5)
        return real(file, data, offset)

    monkeypatch.setattr(os, "pwrite", slow)
    late = threading.Thread(target=part.write, args=(0, memoryview(b"b" * 100)))
    late.start()
    noting = threading.Thread(target=part.note, args=(50, 150, "here", ""))
    time.sleep(0.05)
    noting.start()
    part.note(200, 300, "here", "")  # elsewhere it is
    time.sleep(0.05)
    assert part.done_bytes == 100
    may_write.set()
    noting.join()
    late.join()
    assert part.done_bytes == 200


def test_what_is_lost_is_told_from_its_lowest_byte(part: PartFile):
    put(part, 0, 1000, b"a")
    assert part.is_complete and part.is_settled
    part.lose(700, 800)
    part.lose(300, 400)
    put(part, 0, 1000, b"a")
    assert part.is_complete and not part.is_settled
    assert [part.take_lowest_lost(), part.take_lowest_lost()] == [300, None]
    assert part.is_settled


def test_a_version_is_lost_once(part: PartFile):
    part.name("here", '"1"')
    part.note(0, 100, "here", '"1"')
    assert not part.note(100, 200, "here", '"0"')
    assert part.lose_version("here", '"1"') and not part.lose_version("here", '"1"')
    assert part.done_bytes == 0 and not part.note(0, 100, "here", '"1"')


def test_a_closed_file_takes_nothing(part: PartFile, target: Path):
    put(part, 0, 100, b"a")
    part.close()
    with pytest.raises(ClosedError):
        part.write(0, memoryview(b"b"))
    with pytest.raises(ClosedError):
        part.note(0, 1, "here", "")
    assert partial_bytes(WANTED, target) == 100
    discard_partial(target)
    assert partial_bytes(WANTED, target) == 0 and not part_path(target).exists()
