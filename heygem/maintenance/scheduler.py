"""Runs the housekeeping at its times, one task after the other, long ones beside. Knows nothing of what they do."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from filelock import FileLock, Timeout

log = logging.getLogger(__name__)

LONG: Final = "long"  # the thread for tasks that take long
LATEST: Final = timedelta(hours=12)  # a task whose time a sleeping machine missed is done late rather than never


@dataclass(frozen=True)
class Task:
    """`run` is told the time. Done at the start, in the tasks' order, and then `every` so often, or each night at
    `at_hour` of this machine. One that `stop` ends may take long: it has a thread of its own, and sees to it itself
    that others of its kind do not come in its way.
    """

    name: str
    run: Callable[[datetime], object]
    every: timedelta | None = None
    at_hour: int = 3
    stop: Callable[[], None] | None = None


@dataclass(frozen=True)
class Maintenance:
    """`turn` keeps two servers of one machine from doing the same at once. A task that fails is logged; its next time
    comes all the same. The hooks are told its name, and what went wrong.
    """

    tasks: Sequence[Task]
    turn: FileLock
    on_success: Callable[[str], None] = lambda _: None
    on_failure: Callable[[str, Exception], None] = lambda *_: None

    @contextmanager
    def running(self) -> Iterator[None]:
        """In a thread of its own as long as the block runs; the task at hand is finished first, or stopped."""
        scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(1), LONG: ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "misfire_grace_time": int(LATEST.total_seconds())},
        )
        started_at = datetime.now(UTC)
        for number, task in enumerate(self.tasks):
            trigger = (
                CronTrigger(hour=task.at_hour)
                if task.every is None
                else IntervalTrigger(seconds=int(task.every.total_seconds()))
            )
            first = started_at + timedelta(milliseconds=number)
            executor = "default" if task.stop is None else LONG
            scheduler.add_job(self.do, trigger, [task], id=task.name, next_run_time=first, executor=executor)
        scheduler.start()
        try:
            yield
        finally:
            for stop in (task.stop for task in self.tasks if task.stop is not None):
                stop()
            scheduler.shutdown()

    def do(self, task: Task) -> None:
        """Now, unless another server of this machine is at a task."""
        try:
            with self.turn.acquire(timeout=0) if task.stop is None else nullcontext():
                task.run(datetime.now(UTC))
            self.on_success(task.name)
        except Timeout:
            log.info("%s is left to another server", task.name)
        except Exception as error:
            log.exception("%s failed", task.name)
            self.on_failure(task.name, error)
