"""One file over several connections and from several sources, from real servers on this machine."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from heygem.domain.errors import CancelledError
from heygem.domain.model_errors import ChecksumError, DownloadFailedError
from heygem.domain.models import TransferPhase
from heygem.domain.progress import CancelToken
from heygem.downloads.link import Link
from heygem.downloads.transport.partial import partial_bytes
from tests.downloads.range_server import PACED_BLOCK, Plan, serving
from tests.downloads.wish import DeadSource, PlainSource, Wish, make_content, reasons_of

SIZE = 400_000
CONTENT = make_content(SIZE)


@pytest.fixture
def wish(tmp_path: Path) -> Wish:
    return Wish(CONTENT, tmp_path / "model.pth")


def test_several_connections_fetch_one_file(wish: Wish):
    with serving(CONTENT) as server:
        wish.fetch(server.url)
    assert wish.is_there and wish.left_overs == []
    assert len(server.requests) >= 4
    assert wish.told[-1].phase is TransferPhase.DONE and wish.told[-1].share == 1.0
    assert any(progress.phase is TransferPhase.TRANSFERRING for progress in wish.told)


def test_an_empty_file_needs_no_server(tmp_path: Path):
    wish = Wish(b"", tmp_path / "empty")
    wish.fetch("http://127.0.0.1:9/")
    assert wish.is_there


def test_two_sources_share_the_work(wish: Wish):
    slow = lambda _: Plan(bytes_per_s=300_000)  # noqa: E731 - reads best here
    with serving(CONTENT, slow) as one, serving(CONTENT, slow) as two:
        wish.fetch(one.url, two.url)
    assert wish.is_there
    assert one.sent > SIZE / 10 and two.sent > SIZE / 10
    told = wish.told[-1].sources
    assert [source.name for source in told] == ["here", "here #2"]
    assert sum(source.done_bytes for source in told) >= SIZE


def test_a_source_that_dies_leaves_its_work_to_the_other(wish: Wish):
    def dies(request):
        return Plan(status=500) if request.server_sent > SIZE / 8 else Plan(bytes_per_s=200_000)

    with serving(CONTENT, dies) as dying, serving(CONTENT, lambda _: Plan(bytes_per_s=400_000)) as other:
        wish.fetch(dying.url, other.url)
    assert wish.is_there


@pytest.mark.alone
def test_a_slow_source_is_left_for_a_fast_one(wish: Wish):
    with serving(CONTENT, lambda _: Plan(bytes_per_s=4_000)) as slow, serving(CONTENT) as fast:
        began = time.monotonic()
        wish.fetch(slow.url, fast.url)
    assert wish.is_there and time.monotonic() - began < 6
    assert fast.sent > SIZE * 0.8


def test_what_is_interrupted_goes_on_where_it_was(wish: Wish):
    with serving(CONTENT, lambda _: Plan(bytes_per_s=200_000)) as server:
        threading.Timer(0.5, wish.cancel.cancel).start()
        with pytest.raises(CancelledError):
            wish.fetch(server.url)
        assert wish.told[-1].phase is TransferPhase.PAUSED
        assert not wish.target.exists()
        kept = partial_bytes(wish.file, wish.target)
        assert kept > 0
        server.plan, server.sent, wish.cancel = (lambda _: Plan()), 0, CancelToken()
        before = len(server.requests)
        wish.fetch(server.url)
    assert wish.is_there
    assert server.sent <= SIZE - kept + 4 * PACED_BLOCK  # which the first answers were about to send
    assert all(request.headers["if-range"] == '"1"' for request in server.requests[before:])


def test_what_came_from_one_source_is_gone_on_with_from_another(wish: Wish):
    plan = lambda request: Plan(status=404) if request.server_sent > SIZE / 2 else Plan(send=SIZE // 16)  # noqa: E731
    with serving(CONTENT, plan) as first:
        first.etag = '"first"'
        with pytest.raises(DownloadFailedError):
            wish.fetch(PlainSource(first.url, "first"))
    kept = partial_bytes(wish.file, wish.target)
    with serving(CONTENT) as second:
        wish.fetch(PlainSource(second.url, "second"))
    assert wish.is_there and kept > 0 and second.sent == SIZE - kept


@pytest.mark.alone
def test_a_cancelled_transfer_ends_at_once_even_while_it_connects(wish: Wish):
    with serving(CONTENT, lambda _: Plan(wait_s=20)) as server:
        threading.Timer(0.2, wish.cancel.cancel).start()
        began = time.monotonic()
        with pytest.raises(CancelledError):
            wish.fetch(server.url, stall_s=30)
    assert time.monotonic() - began < 1.2


def test_another_file_of_the_same_name_is_not_gone_on_with(wish: Wish):
    with serving(CONTENT, lambda _: Plan(bytes_per_s=200_000)) as server:
        threading.Timer(0.4, wish.cancel.cancel).start()
        with pytest.raises(CancelledError):
            wish.fetch(server.url)
        newer = Wish(make_content(SIZE, seed=2), wish.target)
        assert partial_bytes(newer.file, newer.target) == 0
        server.content, server.plan = newer.content, lambda _: Plan()
        newer.fetch(server.url)
    assert newer.is_there and newer.left_overs == []


def test_the_file_that_was_there_stays_until_the_new_one_is_right(wish: Wish):
    wish.target.write_bytes(b"the old one")
    with serving(make_content(SIZE, seed=3)) as server, pytest.raises(ChecksumError):
        wish.fetch(server.url)
    assert wish.target.read_bytes() == b"the old one" and wish.left_overs == []
    with serving(CONTENT) as server:
        wish.fetch(server.url)
    assert wish.is_there


def test_the_right_file_is_not_fetched_again(wish: Wish):
    wish.target.write_bytes(CONTENT)
    wish.fetch("http://127.0.0.1:9/")
    assert [progress.phase for progress in wish.told] == [TransferPhase.VERIFYING, TransferPhase.DONE]


def test_two_that_want_the_same_file_share_one_download(wish: Wish):
    with serving(CONTENT, lambda _: Plan(bytes_per_s=300_000)) as server:
        second = Wish(CONTENT, wish.target)
        threads = [threading.Thread(target=each.fetch, args=(server.url,)) for each in (wish, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert server.sent == SIZE
    assert wish.is_there and wish.left_overs == []
    phases = {progress.phase for each in (wish, second) for progress in each.told}
    assert TransferPhase.WAITING in phases
    assert [each.told[-1].phase for each in (wish, second)] == [TransferPhase.DONE, TransferPhase.DONE]


@pytest.mark.alone
def test_the_speed_limit_is_kept(wish: Wish):
    with serving(CONTENT) as server:
        began = time.monotonic()
        wish.fetch(server.url, max_bytes_per_s=200_000)
    assert 0.85 * 2 < time.monotonic() - began < 1.15 * 2 + 0.3  # the rest is what it takes without a limit
    assert wish.is_there


@pytest.mark.alone
def test_progress_is_real_and_not_more_often_than_ten_times_a_second(wish: Wish):
    with serving(CONTENT, lambda _: Plan(bytes_per_s=100_000)) as server:
        wish.fetch(server.url)
    moving = [progress for progress in wish.told if progress.phase is TransferPhase.TRANSFERRING]
    done = [progress.done_bytes for progress in moving]
    assert done == sorted(done) and len(moving) <= 12
    assert 200_000 < moving[-1].speed < 600_000
    assert moving[-2].eta_s is not None and moving[-2].eta_s < 1
    assert max(source.connections for progress in moving for source in progress.sources) == 4


def test_an_address_of_ipv6_is_reached(wish: Wish):
    with serving(CONTENT, host="::1") as server:
        wish.fetch(server.url)
    assert wish.is_there


def test_a_link_that_expires_half_way_is_renewed(wish: Wish):
    good = "/2"

    def plan(request):
        if request.path == "/1" and request.server_sent < SIZE / 4:
            return Plan(send=SIZE // 8)
        return Plan() if request.path == good else Plan(status=403)

    with serving(CONTENT, plan) as server:
        source = PlainSource("", renewed=lambda times: Link(f"{server.url.removesuffix('/file.bin')}/{times + 1}"))
        wish.fetch(source)
    assert wish.is_there and source.renewals == 1


def test_a_link_that_is_stale_is_renewed_before_it_is_asked(wish: Wish):
    with serving(CONTENT) as server:
        soon = datetime.now(UTC) + timedelta(seconds=1)
        source = PlainSource("", renewed=lambda times: Link(server.url, expires_at=None if times else soon))
        wish.fetch(source)
    assert wish.is_there and source.renewals == 1


def test_sources_that_give_nothing_are_named(wish: Wish):
    with serving(CONTENT, lambda _: Plan(status=404)) as server, pytest.raises(DownloadFailedError) as failure:
        wish.fetch(PlainSource(server.url, "pages.example"), DeadSource())
    assert reasons_of(failure.value) == {"pages.example": "not_found", "dead": "code_wrong"}
    assert wish.told[-1].phase is TransferPhase.FAILED


def test_without_any_source_it_is_said(wish: Wish):
    with pytest.raises(DownloadFailedError) as failure:
        wish.fetch()
    assert reasons_of(failure.value) == {"model.pth": "no_source"}
