"""What every archive does, in a folder and on an S3 server; and what is peculiar to each."""

import io
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from heygem.domain.archive_errors import ArchiveCopyLostError, ArchiveDeniedError, ArchiveUnusableError
from heygem.domain.errors import CancelledError
from heygem.domain.progress import CancelToken
from heygem.library.flow import Flow, TokenBucket
from heygem.library.stores.folder import FolderStore
from heygem.library.stores.s3 import S3Access, S3Store
from heygem.library.stores.store import ArchiveStore
from tests.archives import PART_BYTES
from tests.s3_server import SECRET, Asked, S3Server

KEY = "李雷/季度 汇报+50%_v1.mp4"
DATA = random.Random(7).randbytes(3 * PART_BYTES + 17)


def send(store: ArchiveStore, data: bytes, flow: Flow | None = None, key: str = KEY) -> None:
    store.send(key, io.BytesIO(data), len(data), flow or Flow())


def read(store: ArchiveStore, key: str = KEY) -> bytes:
    size = store.find_size(key)
    assert size is not None
    return store.read(key, 0, size)


def cut_after(size_bytes: int) -> tuple[Flow, list[int]]:
    """A flow that is cancelled once so many bytes have passed, and what has."""
    cancel, passed = CancelToken(), list[int]()

    def report(size: int) -> None:
        passed.append(size)
        if sum(passed) >= size_bytes:
            cancel.cancel()

    return Flow(cancel, report=report), passed


@pytest.mark.parametrize("size", [0, 1, PART_BYTES, len(DATA)])
def test_what_is_sent_is_there(store: ArchiveStore, size: int):
    passed: list[int] = []
    send(store, DATA[:size], Flow(report=passed.append))
    assert read(store) == DATA[:size] and store.find_size(KEY) == size == sum(passed)
    assert store.find_size("李雷/other.mp4") is None
    if size > 10:
        assert store.read(KEY, 3, 9) == DATA[3:9]


def test_it_is_replaced_and_removed(store: ArchiveStore):
    send(store, DATA)
    send(store, b"other")
    assert read(store) == b"other"
    store.remove(KEY)
    store.remove(KEY)
    assert store.find_size(KEY) is None
    with pytest.raises(ArchiveCopyLostError):
        store.read(KEY, 0, 5)


def test_what_was_broken_off_goes_on(store: ArchiveStore):
    flow, _ = cut_after(2 * PART_BYTES)
    with pytest.raises(CancelledError):
        send(store, DATA * 12, flow)
    assert store.find_size(KEY) is None  # whole or not at all
    calls: list[int] = []
    flow = Flow(bucket=CountingBucket(calls))
    send(store, DATA * 12, flow)
    assert read(store) == DATA * 12
    assert 0 < sum(calls) < len(DATA) * 12  # not all of it


class CountingBucket(TokenBucket):
    """Counts what is sent anew and lets it pass."""

    def __init__(self, sent: list[int]) -> None:
        super().__init__(1.0)
        self._sent = sent

    def take(self, size_bytes: int, now: float) -> float:
        del now
        self._sent.append(size_bytes)
        return 0.0


def test_only_the_parts_that_lack_are_sent_to_s3(s3_store: S3Store, s3: S3Server):
    flow, _ = cut_after(2 * PART_BYTES)
    with pytest.raises(CancelledError):
        send(s3_store, DATA, flow)
    assert [asked.part for asked in s3.sent()] == [1, 2]
    send(s3_store, DATA)
    assert [(asked.part, asked.size_bytes) for asked in s3.sent()] == [
        (1, PART_BYTES), (2, PART_BYTES), (3, PART_BYTES), (4, 17),
    ]  # fmt: skip
    assert read(s3_store) == DATA


def test_what_is_cancelled_does_not_wait_for_a_server_that_takes_its_time(s3_store: S3Store, s3: S3Server):
    send(s3_store, b"there", key="there.mp4")
    is_over, cancel, begun = threading.Event(), CancelToken(), threading.Barrier(3)

    def hold(asked: Asked) -> int | None:
        if asked.part != 2 and not asked.path.endswith("there.mp4"):
            return None
        begun.wait(10)
        is_over.wait(30)
        return 503

    s3.before = hold
    asks = (lambda: send(s3_store, DATA, Flow(cancel)), lambda: s3_store.read("there.mp4", 0, 5, cancel))
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(ask) for ask in asks]
        begun.wait(10)
        cancel.cancel()
        errors = [answer.exception(timeout=10) for answer in answers]
        is_over.set()
    assert [type(error) for error in errors] == [CancelledError, CancelledError]
    s3.before = lambda _: None
    send(s3_store, DATA)
    assert read(s3_store) == DATA
    assert [asked.part for asked in s3.sent() if asked.part].count(1) == 1


def test_a_part_that_is_another_is_sent_again(s3_store: S3Store, s3: S3Server):
    flow, _ = cut_after(3 * PART_BYTES)
    with pytest.raises(CancelledError):
        send(s3_store, DATA, flow)
    changed = b"x" + DATA[1:]
    send(s3_store, changed)
    assert [asked.part for asked in s3.sent()] == [1, 2, 3, 1, 4] and read(s3_store) == changed


def test_a_server_that_stumbles_is_asked_again(s3_store: S3Store, s3: S3Server):
    stumbles = [503]
    s3.before = lambda asked: stumbles.pop() if asked.part == 2 and stumbles else None
    send(s3_store, DATA)
    assert read(s3_store) == DATA


def test_a_bucket_that_is_away_or_closed(s3_store: S3Store, s3: S3Server):
    away = S3Store("no-such-bucket", "", s3_store.access, PART_BYTES)
    for data in (b"x", DATA):
        with pytest.raises(ArchiveUnusableError):
            send(away, data)
    s3.before = lambda _: 403
    for ask in (lambda: send(s3_store, b"x"), lambda: s3_store.read(KEY, 0, 1), lambda: s3_store.find_size(KEY)):
        with pytest.raises(ArchiveDeniedError):
            ask()


def test_credentials_of_the_environment_are_taken_where_no_others_are_given(
    s3_store: S3Store, s3: S3Server, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-of-the-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    store = S3Store(s3_store.bucket, "", S3Access(s3.url, "us-east-1"))
    assert store.find_size(KEY) is None and s3.signed_by == "key-of-the-environment"


def test_a_server_that_is_not_there(tmp_path: Path):
    store = S3Store("bucket", "", S3Access("http://127.0.0.1:1", "us-east-1", key="k", secret=SECRET))
    with pytest.raises(ArchiveUnusableError, match="127") as caught:
        store.find_size(KEY)
    assert SECRET not in f"{store!r} {caught.value}"
    for ask in (
        lambda store: store.find_size(KEY),
        lambda store: send(store, b"x"),
        lambda store: store.read(KEY, 0, 1),
    ):
        with pytest.raises(ArchiveUnusableError, match="no folder"):
            ask(FolderStore(tmp_path / "not mounted"))
    assert not (tmp_path / "not mounted").exists()


def test_nothing_but_the_file_is_left_in_the_folder(folder_store: FolderStore):
    flow, _ = cut_after(1)
    with pytest.raises(CancelledError):
        send(folder_store, DATA * 12, flow)
    longer = [path.name for path in (folder_store.root / "李雷").iterdir()]
    assert len(longer) == 1 and longer[0].startswith(".")
    send(folder_store, b"short")  # less than what is there of another
    assert [path.name for path in (folder_store.root / "李雷").iterdir()] == ["季度 汇报+50%_v1.mp4"]
    assert read(folder_store) == b"short"


def test_a_server_is_asked_for_no_more_than_it_must_be(s3_store: S3Store, s3: S3Server):
    send(s3_store, b"small")
    assert s3.asked == [Asked("PUT", f"/{s3_store.bucket}/heygem/{KEY}", 0, 5)]
