import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from filelock import FileLock

from heygem.maintenance.scheduler import Maintenance, Task

SECOND: Final = timedelta(seconds=1)


def wait_until(is_so: Callable[[], bool], timeout_s: float = 10) -> None:
    end = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_tasks_are_done_in_their_order_and_again_though_one_fails(tmp_path: Path):
    done: list[str] = []

    def fail(now: datetime) -> None:
        assert abs(now - datetime.now(UTC)) < SECOND
        done.append("fail")
        raise OSError("no disk")

    tasks = [
        Task("nightly", lambda _: done.append("nightly")),
        Task("fail", fail, SECOND),
        Task("last", lambda _: done.append("last"), SECOND),
    ]
    with Maintenance(tasks, FileLock(tmp_path / "lock")).running():
        wait_until(lambda: done.count("last") >= 2)
    assert done[:3] == ["nightly", "fail", "last"]
    assert done.count("fail") >= 2 and done.count("nightly") == 1
    count = len(done)
    time.sleep(1.2)
    assert len(done) == count


def test_the_task_at_hand_is_finished_before_the_end(tmp_path: Path):
    began, done = threading.Event(), []

    def work(_: datetime) -> None:
        began.set()
        time.sleep(0.3)
        done.append(1)

    with Maintenance([Task("work", work)], FileLock(tmp_path / "lock")).running():
        assert began.wait(10)
    assert done == [1]


def test_two_servers_do_not_do_the_same_at_once(tmp_path: Path):
    done: list[int] = []
    maintenance = Maintenance([], FileLock(tmp_path / "lock"))
    task = Task("work", lambda _: done.append(1))
    with FileLock(tmp_path / "lock"):
        maintenance.do(task)
    assert done == []
    maintenance.do(task)
    assert done == [1]


def test_a_long_task_keeps_no_other_waiting_and_is_stopped_at_the_end(tmp_path: Path):
    stop, done = threading.Event(), list[str]()

    def work(_: datetime) -> None:
        assert stop.wait(20)
        done.append("stopped")

    tasks = [Task("long", work, SECOND, stop=stop.set), Task("short", lambda _: done.append("short"), SECOND)]
    maintenance = Maintenance(tasks, FileLock(tmp_path / "lock"))
    with FileLock(tmp_path / "lock"):
        stop.set()
        maintenance.do(tasks[0])  # it needs no turn
        maintenance.do(tasks[1])
    assert done == ["stopped"]
    stop.clear()
    with maintenance.running():
        wait_until(lambda: "short" in done)
    assert done[-1] == "stopped"
