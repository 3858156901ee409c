"""Videos on their way back from the archive, a folder or an S3 server."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heygem.domain.archive_errors import ArchiveCopyLostError, ArchiveCopyWrongError
from heygem.domain.errors import CancelledError, DiskHighError, ResultGoneError
from heygem.domain.library import OutputState
from heygem.domain.progress import CancelToken
from heygem.library import copies
from heygem.library.fetcher import Fetcher
from heygem.library.fetching import FetchDesk, Fetching
from heygem.library.flow import Flow
from heygem.library.retention import StepAction
from heygem.library.stores.store import ArchiveStore
from heygem.media.publish import partial_path
from tests.library.test_archiver import Desk, desk, noise

__all__ = ["desk"]  # a fixture

BIG = 250_000  # three pieces


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "READ_BYTES", 100_000)


def put_away(desk: Desk, name: str, data: bytes) -> str:
    """Its id, in the archive alone."""
    output_id = desk.put(name, data)
    desk.run(StepAction.ARCHIVE, output_id)
    desk.run(StepAction.RELEASE, output_id)
    assert desk.library.get(output_id).state is OutputState.ARCHIVED
    return output_id


def fetcher(desk: Desk, check_room: Callable[[int], None] = lambda _: None) -> Fetcher:
    return Fetcher(desk.library, check_room)


def files(desk: Desk) -> list[str]:
    root = desk.library.outputs_dir
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_it_comes_back_under_its_name_with_its_record(desk: Desk):
    output_id, passed = put_away(desk, "日/a.mp4", noise(BIG)), list[int]()
    assert files(desk) == []
    fetcher(desk).fetch(output_id, Flow(report=passed.append))
    assert files(desk) == ["日/a.json", "日/a.mp4"] and sum(passed) == BIG
    record = desk.library.get(output_id)
    assert record.state is OutputState.PRESENT and record.archived_at is not None and record.used_at is not None
    assert record.path.read_bytes() == noise(BIG)
    fetcher(desk).fetch(output_id, Flow(report=lambda _: pytest.fail("it is there")))
    desk.run(StepAction.RELEASE, output_id)  # nothing need be sent for that
    assert files(desk) == []


def test_where_its_name_is_taken_it_gets_a_number(desk: Desk):
    output_id = put_away(desk, "a.mp4", b"first")
    desk.put("a.mp4", b"second")
    fetcher(desk).fetch(output_id, Flow())
    record = desk.library.get(output_id)
    assert record.path.name == "a_2.mp4" and record.path.read_bytes() == b"first"


@pytest.mark.parametrize("is_spoilt", [False, True])
def test_what_was_broken_off_goes_on(desk: Desk, is_spoilt: bool):
    output_id, cancel = put_away(desk, "a.mp4", noise(BIG)), CancelToken()
    with pytest.raises(CancelledError):
        fetcher(desk).fetch(output_id, Flow(cancel, report=lambda _: cancel.cancel()))
    part = partial_path(desk.library.outputs_dir / ".work" / "fetch" / output_id / "a.mp4")
    assert 0 < part.stat().st_size < BIG and desk.library.get(output_id).state is OutputState.ARCHIVED
    if is_spoilt:
        part.write_bytes(bytes(part.stat().st_size))
    fetcher(desk).fetch(output_id, Flow())
    assert desk.library.get(output_id).path.read_bytes() == noise(BIG) and files(desk) == ["a.json", "a.mp4"]


def test_a_damaged_or_lost_copy_is_not_taken(desk: Desk, store: ArchiveStore, tmp_path: Path):
    output_id = put_away(desk, "a.mp4", noise(1000))
    (tmp_path / "other").write_bytes(noise(1000, seed=2))
    with (tmp_path / "other").open("rb") as file:
        store.send("a.mp4", file, 1000, Flow())
    with pytest.raises(ArchiveCopyWrongError):
        fetcher(desk).fetch(output_id, Flow())
    store.remove("a.mp4")
    with pytest.raises(ArchiveCopyLostError):
        fetcher(desk).fetch(output_id, Flow())
    assert desk.library.get(output_id).state is OutputState.ARCHIVED and files(desk) == [
        f".work/fetch/{output_id}/{partial_path(Path('a.mp4')).name}"
    ]


def test_a_full_disk_takes_nothing_back(desk: Desk):
    asked: list[int] = []

    def refuse(size_bytes: int) -> None:
        asked.append(size_bytes)
        raise DiskHighError(used_percent=95, refuse_percent=90, free_mb=1, reserve_mb=500)

    output_id = put_away(desk, "a.mp4", noise(1000))
    with pytest.raises(DiskHighError):
        fetcher(desk, refuse).fetch(output_id, Flow())
    assert asked == [1000] and files(desk) == []


def wait_for_desk(fetching: FetchDesk) -> dict[str, Fetching]:
    """Until nothing is on its way; what failed."""
    until = time.monotonic() + 20
    while any(item.error is None for item in fetching.list_items().values()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return dict(fetching.list_items())


def test_several_are_fetched_one_after_the_other(desk: Desk, store: ArchiveStore):
    ids = [put_away(desk, f"{name}.mp4", noise(1000)) for name in "abc"]
    store.remove("b.mp4")
    fetching = FetchDesk(fetcher(desk))
    fetching.ask([*ids, ids[0]])
    failed = wait_for_desk(fetching)
    assert list(failed) == [ids[1]] and isinstance(failed[ids[1]].error, ArchiveCopyLostError)
    assert [desk.library.get(one).state for one in ids] == ["present", "archived", "present"]
    fetching.cancel(ids[1])
    assert fetching.list_items() == {}
    with pytest.raises(ResultGoneError):
        fetching.ask([desk.put("d.mp4", b"x")])
    fetching.close()


def test_one_can_be_cancelled_and_says_how_far_it_is(desk: Desk):
    output_id = put_away(desk, "a.mp4", noise(BIG))
    shares: list[float] = []

    class Slow(type(desk.library)):  # type: ignore[misc]  # a class that is told at run time
        def read_copy(self, *arguments: Any, **named: Any) -> Any:
            for chunk in super().read_copy(*arguments, **named):
                yield chunk
                shares.append(fetching.list_items()[output_id].share)
                if len(shares) == 2:
                    fetching.cancel(output_id)

    library = Slow(**vars(desk.library))
    fetching = FetchDesk(Fetcher(library, lambda _: None))
    fetching.ask([output_id])
    assert wait_for_desk(fetching) == {}
    assert len(shares) == 2 and 0 < shares[0] < shares[1] < 1
    assert desk.library.get(output_id).state is OutputState.ARCHIVED
    fetching.close()


def test_a_room_that_is_too_small_is_told_at_once(desk: Desk):
    ids = [put_away(desk, f"{name}.mp4", noise(1000)) for name in "ab"]

    def refuse(size_bytes: int) -> None:
        if size_bytes > 1500:
            raise DiskHighError(used_percent=95, refuse_percent=90, free_mb=1, reserve_mb=500)

    fetching = FetchDesk(fetcher(desk, refuse))
    with pytest.raises(DiskHighError):
        fetching.ask(ids)
    assert fetching.list_items() == {}
    fetching.close()
