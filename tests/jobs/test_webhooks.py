"""Webhooks over a true queue, to a true receiver, which checks them by the example that the documentation gives."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from heygem.config.settings import ROOT, load_settings
from heygem.domain.errors import EncodeError
from heygem.domain.job import LipSyncRequest, LipSyncResult, NewJob
from heygem.domain.progress import CancelToken
from heygem.jobs import webhooks
from heygem.jobs.queue import JobQueue
from heygem.jobs.webhooks import WebhookSender
from tests.fakes import fake_inspect, make_fake_queue
from tests.serving import QuietHandler, serving_in_thread

SECRET = "shared secret"
SOON_S = 0.05


class Receiver:
    """Answers with each of `statuses` in turn, then with 200; None holds the sender until the test ends."""

    def __init__(self) -> None:
        self.statuses: list[int | None] = []
        self.headers: dict[str, str] = {}
        self.seen: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.is_over = threading.Event()
        receiver = self

        class Handler(QuietHandler):
            def do_POST(self) -> None:  # noqa: N802 - as http.server calls it
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert documented_verify()(SECRET, self.headers["X-HeyGem-Signature"], body)
                receiver.seen.append(json.loads(body))
                receiver.times.append(time.monotonic())
                status = receiver.statuses.pop(0) if receiver.statuses else 200
                if status is None:
                    receiver.is_over.wait(30)
                    return
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.end_headers()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"


def documented_verify() -> Callable[[str, str, bytes], bool]:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    [code] = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "def verify" in block]
    names: dict[str, Any] = {}
    exec(code, names)
    return names["verify"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with serving_in_thread(receiver.server):
        yield receiver
        receiver.is_over.set()


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[JobQueue]:
    queue = make_fake_queue(load_settings(paths={"data": tmp_path / "data"}))
    yield queue
    queue.database.close()


@pytest.fixture(autouse=True)
def fast_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "POLL_S", 0.02)


def end_job(queue: JobQueue, folder: Path, url: str, is_success: bool = True) -> str:
    for name in ("ann.mp4", "hello.wav"):
        (folder / name).write_bytes(b"1")
    output = folder / f"{time.monotonic_ns()}.mp4"
    request = LipSyncRequest(folder / "ann.mp4", folder / "hello.wav", output)
    job_id = queue.submit(NewJob(request, "api", "spring", webhook=url))
    while task := queue.claim_inspection("fake"):
        queue.finish_inspection(task, fake_inspect(task.path, task.kind, CancelToken()))
    lease = queue.claim("fake", 10**12)
    assert lease is not None and lease.job_id == job_id
    if is_success:
        queue.succeed(lease, LipSyncResult(output, 50, 2.0))
    else:
        queue.fail(lease, EncodeError(reason="test"))
    return job_id


def make_sender(
    queue: JobQueue, attempts: int = 8, first_wait_s: float = SOON_S, timeout_s: float = 5
) -> WebhookSender:
    return WebhookSender(queue, SECRET, attempts, first_wait_s, timeout_s)


def wait_for(is_so: Callable[[], bool], patience_s: float = 15) -> None:
    deadline = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_settled(queue: JobQueue) -> bool:
    """Whether nothing is left to send, be it later."""
    with queue.database.read() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM webhook_deliveries").scalar() == 0


def test_the_end_of_a_job_is_told_once(queue: JobQueue, receiver: Receiver, tmp_path: Path) -> None:
    done = end_job(queue, tmp_path, receiver.url)
    failed = end_job(queue, tmp_path, receiver.url, is_success=False)
    with make_sender(queue).sending():
        wait_for(lambda: is_settled(queue))
    told = {event["job_id"]: event for event in receiver.seen}
    assert len(receiver.seen) == 2
    assert (told[done]["state"], told[done]["error"], told[done]["project"]) == ("succeeded", None, "spring")
    assert (told[failed]["state"], told[failed]["error"]) == ("failed", "ENCODE_FAILED")


@pytest.mark.parametrize("statuses", [[500, 503, 404], [None, 500], [302, 500]])
def test_what_does_not_arrive_is_sent_again(
    queue: JobQueue, receiver: Receiver, tmp_path: Path, statuses: list[int | None]
) -> None:
    receiver.statuses = list(statuses)
    receiver.headers = {"Location": receiver.url + "/elsewhere"}
    end_job(queue, tmp_path, receiver.url)
    with make_sender(queue, timeout_s=0.3).sending():
        wait_for(lambda: is_settled(queue))
    assert len(receiver.seen) == len(statuses) + 1
    assert len({event["id"] for event in receiver.seen}) == 1
    pauses = [after - before for before, after in zip(receiver.times, receiver.times[1:], strict=False)]
    assert pauses[-1] > SOON_S * 3 * 0.75 - 0.05


def test_a_receiver_that_comes_up_later_is_told(queue: JobQueue, receiver: Receiver, tmp_path: Path) -> None:
    address = receiver.server.server_address
    receiver.server.shutdown()
    receiver.server.server_close()
    end_job(queue, tmp_path, receiver.url)
    with make_sender(queue, first_wait_s=0.2).sending():
        time.sleep(0.5)
        assert not is_settled(queue)
        later = ThreadingHTTPServer(("127.0.0.1", int(address[1])), receiver.server.RequestHandlerClass)
        with serving_in_thread(later):
            wait_for(lambda: is_settled(queue))
    assert len(receiver.seen) == 1


def test_a_receiver_is_left_alone_as_long_as_it_asks(queue: JobQueue, receiver: Receiver, tmp_path: Path) -> None:
    receiver.statuses, receiver.headers = [429], {"Retry-After": "1"}
    end_job(queue, tmp_path, receiver.url)
    with make_sender(queue).sending():
        wait_for(lambda: is_settled(queue))
    assert receiver.times[1] - receiver.times[0] >= 1


@pytest.mark.parametrize(("statuses", "sent"), [([500] * 9, 3), ([410], 1)])
def test_in_the_end_it_is_given_up(
    queue: JobQueue, receiver: Receiver, tmp_path: Path, statuses: list[int | None], sent: int
) -> None:
    receiver.statuses = list(statuses)
    end_job(queue, tmp_path, receiver.url)
    with make_sender(queue, attempts=3, first_wait_s=0.01).sending():
        wait_for(lambda: len(receiver.seen) == sent)
        time.sleep(0.5)
    assert len(receiver.seen) == sent
    assert queue.claim_delivery() is None


def test_one_slow_receiver_does_not_hold_up_the_others(queue: JobQueue, receiver: Receiver, tmp_path: Path) -> None:
    receiver.statuses = [None]
    end_job(queue, tmp_path, receiver.url)
    with make_sender(queue, timeout_s=20).sending():
        wait_for(lambda: len(receiver.seen) == 1)
        end_job(queue, tmp_path, receiver.url)
        wait_for(lambda: len(receiver.seen) == 2, patience_s=5)
        receiver.is_over.set()


def test_nothing_is_lost_when_the_sender_is_killed(queue: JobQueue, receiver: Receiver, tmp_path: Path) -> None:
    receiver.statuses = [None]
    code = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "from heygem.config.settings import load_settings\n"
        "from heygem.jobs.queue import deliveries\n"
        "from tests.fakes import make_fake_queue\n"
        "from heygem.jobs.webhooks import WebhookSender\n"
        "deliveries.SENDING_S = 1.0\n"
        "queue = make_fake_queue(load_settings(paths={'data': Path(sys.argv[1])}))\n"
        "WebhookSender(queue, sys.argv[2], 8).run(threading.Event())\n"
    )
    job_id = end_job(queue, tmp_path, receiver.url)
    command = [sys.executable, "-c", code, str(tmp_path / "data"), SECRET]
    with subprocess.Popen(command, cwd=ROOT) as sender:
        wait_for(lambda: len(receiver.seen) == 1, patience_s=60)
        sender.send_signal(signal.SIGKILL)
    assert not is_settled(queue)
    with make_sender(queue).sending():
        wait_for(lambda: is_settled(queue))
    assert [event["job_id"] for event in receiver.seen] == [job_id, job_id]
    assert receiver.seen[0]["id"] == receiver.seen[1]["id"]


def test_many_senders_send_each_once(queue: JobQueue, receiver: Receiver, tmp_path: Path) -> None:
    jobs = {end_job(queue, tmp_path, receiver.url) for _ in range(20)}
    with make_sender(queue).sending(), make_sender(queue).sending():
        wait_for(lambda: is_settled(queue))
    assert len(receiver.seen) == len(jobs)
    assert {event["job_id"] for event in receiver.seen} == jobs


def test_an_impossible_address_is_only_a_failure(queue: JobQueue, tmp_path: Path) -> None:
    end_job(queue, tmp_path, "http://host:99999999/")
    sender = make_sender(queue, attempts=1)
    assert sender.step()
    assert queue.claim_delivery() is None
    with sender.sending():
        pass


def test_a_forged_or_old_signature_is_not_verified() -> None:
    verify = documented_verify()
    now = int(time.time())
    assert verify(SECRET, webhooks.sign(SECRET, now, b"{}"), b"{}")
    assert not verify(SECRET, webhooks.sign(SECRET, now, b"{}"), b"{ }")
    assert not verify(SECRET, webhooks.sign("another", now, b"{}"), b"{}")
    assert not verify(SECRET, webhooks.sign(SECRET, now - 400, b"{}"), b"{}")
