"""Servers that do not do what they should: each is found out, and nothing wrong ever gets the file's name."""

import errno
import os
import shutil
import time
from pathlib import Path

import pytest

from heygem.domain.errors import DiskFullError
from heygem.domain.model_errors import ChecksumError, DownloadFailedError
from heygem.downloads.transport.partial import partial_bytes
from tests.downloads.range_server import PACED_BLOCK, Plan, Request, serving
from tests.downloads.wish import PlainSource, Wish, make_content, reasons_of

SIZE = 300_000
CONTENT = make_content(SIZE)
OTHER = make_content(SIZE, seed=9)
PAGE = b"<!DOCTYPE html><title>Log in</title>"


@pytest.fixture
def wish(tmp_path: Path) -> Wish:
    return Wish(CONTENT, tmp_path / "model.pth")


def test_a_server_that_ignores_ranges_is_read_from_the_beginning(wish: Wish):
    with serving(CONTENT, lambda _: Plan(ignores_range=True)) as server:
        wish.fetch(server.url)
    assert wish.is_there and len(server.requests) == 1


def test_a_server_that_ignores_ranges_can_be_gone_on_with(wish: Wish):
    plan = lambda request: Plan(ignores_range=True, send=None if request.number else SIZE // 2)  # noqa: E731
    with serving(CONTENT, plan) as server:
        wish.fetch(server.url)
    assert wish.is_there


def test_a_server_that_ignores_ranges_is_left_to_one_that_knows_them(wish: Wish):
    with serving(CONTENT) as good, serving(CONTENT, lambda _: Plan(ignores_range=True, wait_s=0.1)) as bad:
        wish.fetch(bad.url, PlainSource(good.url, "good"), connections=2)
    assert wish.is_there and len(bad.requests) == 1 and good.sent == SIZE


def test_an_answer_in_chunks_without_a_length_is_read(wish: Wish):
    with serving(CONTENT, lambda _: Plan(ignores_range=True, is_chunked=True)) as server:
        wish.fetch(server.url)
    assert wish.is_there


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (Plan(ignores_range=True, body=CONTENT[:-1]), "file_differs"),
        (Plan(headers={"Content-Range": f"bytes 0-16383/{SIZE + 1}"}), "file_differs"),
        (Plan(headers={"Content-Range": f"bytes 1-16384/{SIZE}"}), "answer_unreadable"),
        (Plan(headers={"Content-Range": ""}), "answer_unreadable"),
        (Plan(headers={"Content-Encoding": "gzip"}), "answer_unreadable"),
        (Plan(status=200, body=PAGE, headers={"Content-Type": "text/html; charset=utf-8"}), "page"),
        (Plan(status=200, body=PAGE, headers={"Content-Type": "application/octet-stream"}), "file_differs"),
        (Plan(status=200, body=PAGE, is_chunked=True), "page"),
        (Plan(status=416), "file_differs"),
        (Plan(status=404), "not_found"),
        (Plan(status=302, headers={"Location": "/file.bin"}), "answer_unreadable"),
        (Plan(status=302, headers={"Location": "http://[bad"}), "address_invalid"),
        (Plan(status=302, headers={"Location": "file:///etc/passwd"}), "address_invalid"),
        (Plan(status=500), "HTTP 500"),
        (Plan(status=401), "login_needed"),
        (Plan(send=0, silent_s=5), "timed_out"),
        (Plan(send=0, is_reset=True), "unreachable"),
    ],
)
def test_an_answer_that_is_not_the_file_is_named_for_what_it_is(wish: Wish, plan: Plan, reason: str):
    with serving(CONTENT, lambda _: plan) as server, pytest.raises(DownloadFailedError) as failure:
        wish.fetch(server.url, stall_s=0.2, attempts=2)
    assert reasons_of(failure.value) == {"here": reason}
    assert not wish.target.exists()
    assert len(server.requests) <= 20  # two tries of ten hops


def test_a_file_that_changes_half_way_is_fetched_anew(wish: Wish):
    def plan(request: Request) -> Plan:
        if request.server_sent > SIZE / 3 and server.etag == '"1"':
            server.content, server.etag = CONTENT, '"2"'
        return Plan(send=SIZE // 8)

    with serving(OTHER, plan) as server:
        wish.fetch(server.url)
    assert wish.is_there
    assert {request.headers.get("if-range") for request in server.requests} >= {None, '"1"', '"2"'}


def test_a_cluster_that_names_one_file_differently_each_time_is_borne_with(wish: Wish):
    with serving(CONTENT, lambda request: Plan(etag=f'"{request.number}"')) as server:
        wish.fetch(server.url)
    assert wish.is_there


def test_the_wait_that_a_server_asks_for_is_kept(wish: Wish):
    with serving(CONTENT, lambda request: Plan() if request.number else Plan(429, {"Retry-After": "1"})) as server:
        began = time.monotonic()
        wish.fetch(server.url)
    assert wish.is_there and time.monotonic() - began >= 1


def test_a_server_that_takes_few_connections_is_not_pressed(wish: Wish):
    def plan(request: Request) -> Plan:
        return Plan(status=503) if request.active > 2 else Plan(bytes_per_s=300_000)

    with serving(CONTENT, plan) as server:
        wish.fetch(server.url, attempts=20)
    assert wish.is_there
    assert len(server.requests) < 30  # of those that were refused, few


def test_a_wrong_part_alone_is_fetched_again(wish: Wish):
    wish.part_bytes = 50_000
    wrong = lambda request: Plan(wrong_at=None if request.number else 100)  # noqa: E731
    with serving(CONTENT, wrong) as server:
        wish.fetch(server.url)
    assert wish.is_there
    assert server.sent <= SIZE + 2 * 50_000


def test_of_a_damaged_file_the_bad_part_alone_is_fetched(wish: Wish):
    wish.part_bytes = 50_000
    wish.target.write_bytes(CONTENT[:120_000] + b"bad" + CONTENT[120_003:])
    with serving(CONTENT) as server:
        wish.fetch(server.url)
    assert wish.is_there
    assert [(request.start, request.end) for request in server.requests[:1]] == [(100_000, 116_384)]
    assert all(100_000 <= request.start < request.end <= 150_000 for request in server.requests)


def test_a_part_that_is_always_wrong_is_given_up(wish: Wish):
    wish.part_bytes = 50_000
    with serving(OTHER) as server, pytest.raises(ChecksumError):
        wish.fetch(server.url)
    assert not wish.target.exists() and wish.left_overs == []


def test_a_source_with_wrong_parts_is_left_for_the_other(wish: Wish):
    wish.part_bytes = 50_000
    with serving(OTHER, lambda _: Plan(bytes_per_s=500_000)) as bad, serving(CONTENT) as good:
        wish.fetch(PlainSource(bad.url, "bad"), PlainSource(good.url, "good"))
    assert wish.is_there


def test_without_part_hashes_the_source_at_fault_is_found_by_elimination(wish: Wish):
    paced = lambda _: Plan(bytes_per_s=500_000)  # noqa: E731
    for order in (1, -1):
        wish.target.unlink(missing_ok=True)
        with serving(OTHER, paced) as bad, serving(CONTENT, paced) as good:
            wish.fetch_all([PlainSource(bad.url, "bad"), PlainSource(good.url, "good")][::order])
        assert wish.is_there


def test_bytes_that_fall_over_on_the_way_are_fetched_again(wish: Wish):
    with serving(CONTENT, lambda request: Plan(wrong_at=7 if request.number == 1 else None)) as server:
        wish.fetch(server.url)
    assert wish.is_there


def test_a_source_that_always_has_another_file_is_asked_twice(wish: Wish):
    with serving(OTHER) as server, pytest.raises(ChecksumError):
        wish.fetch(server.url)
    assert server.sent == 2 * SIZE and wish.left_overs == []


def test_a_disk_without_room_is_found_before_anything_is_asked(wish: Wish, monkeypatch: pytest.MonkeyPatch):
    usage = shutil.disk_usage(wish.target.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=SIZE + 1000))
    with serving(CONTENT) as server, pytest.raises(DiskFullError):
        wish.fetch(server.url, disk_reserve_bytes=2000)
    assert server.requests == []


def test_a_disk_that_fills_keeps_what_has_come(wish: Wish, monkeypatch: pytest.MonkeyPatch):
    real, written = os.pwrite, [0]

    def pwrite(file: int, data: memoryview, offset: int) -> int:
        if written[0] > SIZE / 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        written[0] += len(data)
        return real(file, data, offset)

    with serving(CONTENT, lambda _: Plan(bytes_per_s=1_000_000)) as server:
        with monkeypatch.context() as full:
            full.setattr(os, "pwrite", pwrite)
            with pytest.raises(DiskFullError):
                wish.fetch(server.url)
        kept = partial_bytes(wish.file, wish.target)
        assert kept >= SIZE / 2 - 4 * (16 << 10)
        server.sent = 0
        wish.fetch(server.url)
    assert wish.is_there and server.sent <= SIZE - kept + 4 * PACED_BLOCK
