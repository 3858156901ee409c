"""A server that does wrong at random, over many downloads: every file comes, and never a wrong one."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.downloads.range_server import Plan, Request, serving
from tests.downloads.wish import RULES, Wish, make_content

DOWNLOADS = 200
AT_ONCE = 8
SIZE = 96_000
SHARE_OF_CHAOS = 0.35
PATIENT = replace(RULES, connections=3, attempts=30, stall_s=0.15)


class Chaos:
    """What a server does to each request, by a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self.done: set[str] = set()

    def __call__(self, request: Request) -> Plan:
        with self._lock:
            if self._random.random() > SHARE_OF_CHAOS:
                return Plan()
            kind = self._random.choice(list(self._plans(request)))
            self.done.add(kind)
            return self._plans(request)[kind]

    def _plans(self, request: Request) -> dict[str, Plan]:
        half = max(1, (request.end - request.start) // 2)
        return {
            "resets": Plan(send=half, is_reset=True),
            "resets at once": Plan(send=0, is_reset=True),
            "stalls": Plan(send=half, silent_s=2),
            "corrupts": Plan(wrong_at=half if request.number % 4 == 0 else None),
            "changes its name": Plan(etag='"another"'),
            "answers 200": Plan(ignores_range=True),
            "answers 200 with a page": Plan(200, {"Content-Type": "text/html"}, b"<html>busy</html>"),
            "429": Plan(status=429, headers={"Retry-After": "0"}),
            "503": Plan(status=503),
            "closes early": Plan(send=half),
        }


def download(number: int, folder: Path, parts: bool) -> tuple[bool, set[str]]:
    content, chaos = make_content(SIZE, seed=number), Chaos(number)
    wish = Wish(content, folder / f"{number}.bin", PATIENT, part_bytes=20_000 if parts else None)
    with serving(content, chaos) as server:
        wish.fetch(server.url)
    return wish.is_there, chaos.done


@pytest.mark.alone
def test_two_hundred_downloads_from_a_server_that_does_wrong(tmp_path: Path):
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(lambda number: download(number, tmp_path, parts=number % 2 == 0), range(DOWNLOADS)))
    assert [is_right for is_right, _ in results] == [True] * DOWNLOADS
    assert len(set().union(*(done for _, done in results))) == 10
    assert len(list(tmp_path.iterdir())) == DOWNLOADS  # and nothing else
