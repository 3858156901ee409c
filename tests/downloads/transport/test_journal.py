"""What a journal claims after any end of the process or the machine."""

from pathlib import Path

import pytest

from heygem.downloads.transport import journal as journal_module
from heygem.downloads.transport.journal import Journal, Record
from heygem.downloads.transport.ranges import Ranges

SIZE = 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.pth.part.jsonl"


def write(path: Path) -> None:
    journal = Journal(path, "abc", SIZE)
    journal.start(Record())
    journal.named("here", '"1"')
    journal.wrote(0, 100, "here")
    journal.wrote(300, 400, "there")
    journal.synced([(0, 100), (300, 400)])
    journal.lost(50, 100)
    journal.wrote(500, 600, "there")
    journal.verified(0, 50)
    journal.close()


def test_all_that_was_written_is_claimed_in_the_same_run_of_the_machine(path: Path):
    write(path)
    record = Journal(path, "abc", SIZE).read()
    assert record.origins == {"here": Ranges([(0, 50)]), "there": Ranges([(300, 400), (500, 600)])}
    assert record.etags == {"here": '"1"'} and record.verified == Ranges([(0, 50)])


def test_after_a_start_of_the_machine_only_what_was_on_disk_is_claimed(path: Path, monkeypatch: pytest.MonkeyPatch):
    write(path)
    monkeypatch.setattr(journal_module, "read_boot_id", lambda: "another")
    assert Journal(path, "abc", SIZE).read().done == Ranges([(0, 50), (300, 400)])


def test_a_machine_that_does_not_tell_is_taken_for_started_anew(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(journal_module, "read_boot_id", lambda: "")
    write(path)
    assert Journal(path, "abc", SIZE).read().done == Ranges([(0, 50), (300, 400)])


def test_a_journal_of_another_file_claims_nothing(path: Path):
    write(path)
    assert Journal(path, "abd", SIZE).read().done.total == 0
    assert Journal(path, "abc", SIZE + 1).read().done.total == 0
    assert Journal(path.with_name("none"), "abc", SIZE).read().done.total == 0


def test_however_much_of_it_is_there_it_claims_no_more_than_was_written(path: Path):
    write(path)
    content = path.read_bytes()
    totals = []
    for length in range(len(content) + 1):
        path.write_bytes(content[:length])
        totals.append(Journal(path, "abc", SIZE).read().done.total)
    assert set(totals) == {0, 100, 200, 150, 250}
    assert totals[-1] == 250


@pytest.mark.parametrize(
    "line",
    [
        '{"wrote": [0, 2000], "from": "x"}',
        '{"wrote": [-1, 5], "from": "x"}',
        '{"wrote": 3}',
        "[]",
        "\0\0\0",
        '{"a": 1}',
    ],
)
def test_what_makes_no_sense_ends_the_claims(path: Path, line: str):
    write(path)
    with path.open("a") as file:
        file.write(f'{line}\n{{"wrote": [700, 800], "from": "x"}}\n')
    assert Journal(path, "abc", SIZE).read().done.total == 250


def test_what_is_begun_anew_claims_what_it_is_told(path: Path, monkeypatch: pytest.MonkeyPatch):
    write(path)
    journal = Journal(path, "abc", SIZE)
    record = journal.read()
    journal.start(record)
    journal.close()
    monkeypatch.setattr(journal_module, "read_boot_id", lambda: "another")
    again = Journal(path, "abc", SIZE).read()
    assert again == record  # since it is on disk by then
