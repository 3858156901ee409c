"""A download that is killed again and again: what is recorded is there, and hardly anything is fetched twice."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from heygem.config.settings import ROOT
from heygem.domain.models import TransferPhase
from heygem.downloads.transport.journal import Journal
from heygem.downloads.transport.partial import journal_path, part_path, partial_bytes
from tests.downloads.range_server import PACED_BLOCK, Plan, RangeServer, serving
from tests.downloads.wish import RULES, Wish, make_content

KILLS = 20
SIZE = 12_000_000
AMOUNTS = (0, 0, 1, 100_000, 300_000, 500_000, 700_000, 900_000)  # that have come when it is killed


def check_claims(wish: Wish) -> None:
    """Each byte that the journal claims is in the file."""
    if not journal_path(wish.target).exists():
        return
    done = Journal(journal_path(wish.target), wish.file.sha256, SIZE).read().done
    with part_path(wish.target).open("rb") as file:
        for start, end in done:
            file.seek(start)
            assert file.read(end - start) == wish.content[start:end]


def start_child(server: RangeServer, wish: Wish) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.downloads.download_to_kill"]
    command += [server.url, str(len(wish.content)), wish.file.sha256, str(wish.target)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)


def wait_for_bytes(server: RangeServer, total: int) -> None:
    deadline = time.monotonic() + 5
    while server.sent < total and time.monotonic() < deadline:
        time.sleep(0.001)


@pytest.mark.alone
def test_twenty_kills_cost_no_more_than_a_chunk_of_each_connection(tmp_path: Path):
    wish, moments = Wish(make_content(SIZE), tmp_path / "model.pth"), random.Random(5)
    with serving(wish.content, lambda _: Plan(bytes_per_s=600_000)) as server:
        child = start_child(server, wish)
        assert child.stdin is not None and child.stdout is not None
        with child:
            for _ in range(KILLS):
                child.stdin.write("go\n")
                pid = int(child.stdout.readline())
                wait_for_bytes(server, server.sent + moments.choice(AMOUNTS))
                time.sleep(moments.uniform(0, 0.02))
                os.kill(pid, signal.SIGKILL)
                assert int(child.stdout.readline()) == signal.SIGKILL
                check_claims(wish)
                assert not wish.target.exists()
            kept = partial_bytes(wish.file, wish.target)
            assert SIZE / 5 < kept < SIZE  # it was at work when it was killed
            server.plan = lambda _: Plan()
            child.stdin.write("go\n")
            child.stdout.readline()
            assert int(child.stdout.readline()) == 0
            child.stdin.close()
    assert wish.is_there and wish.left_overs == []
    lost = server.sent - SIZE
    assert lost <= KILLS * RULES.connections * (RULES.chunk_bytes + PACED_BLOCK)  # the latter was still on its way


def test_two_processes_that_want_the_same_file_share_one_download(tmp_path: Path):
    wish = Wish(make_content(400_000), tmp_path / "model.pth")
    with serving(wish.content, lambda _: Plan(bytes_per_s=200_000)) as server:
        child = start_child(server, wish)
        assert child.stdin is not None
        with child:
            child.stdin.write("go\n")
            wait_for_bytes(server, 1)
            wish.fetch(server.url)
            child.stdin.close()
    assert wish.is_there and wish.left_overs == []
    assert server.sent < 500_000  # by far less than twice
    assert {progress.phase for progress in wish.told} == {
        TransferPhase.WAITING,
        TransferPhase.VERIFYING,
        TransferPhase.DONE,
    }
