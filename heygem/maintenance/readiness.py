"""Whether this server can make videos now: each thing that it needs, looked at with a time limit."""

import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from heygem.domain.queue import WorkerKind
from heygem.jobs.queue import JobQueue
from heygem.maintenance.disk_guard import DiskGuard
from heygem.maintenance.probe import Probe

LIMIT_S: Final = 2.0
FRESH_S: Final = 1.0  # anybody may ask, as often as they like


class NotReadyError(Exception):
    """A check's own verdict; its text says why."""


@dataclass(frozen=True)
class Check:
    """`reason` is empty where all is well; it may name paths and machines, so it is not for strangers."""

    name: str
    reason: str = ""

    @property
    def is_ok(self) -> bool:
        return not self.reason


class Readiness:
    """`checks` raise where something is wrong. They are done side by side, all within `limit_s`."""

    def __init__(self, checks: Mapping[str, Callable[[], None]], limit_s: float) -> None:
        self._probes = {name: Probe(check) for name, check in checks.items()}
        self._limit_s = limit_s
        self._whole = Probe(self._look, FRESH_S)

    def begin(self) -> Future[list[Check]]:
        """What is found within `limit_s`, the same for all who ask at once."""
        return self._whole.begin()

    def look(self) -> list[Check]:
        return self.begin().result()

    def _look(self) -> list[Check]:
        deadline = time.monotonic() + self._limit_s
        begun = {name: probe.begin() for name, probe in self._probes.items()}
        return [Check(name, _find_reason(answer, deadline)) for name, answer in begun.items()]


def build_readiness(queue: JobQueue, guard: DiskGuard, is_starting: Callable[[], bool]) -> Readiness:
    """`is_starting` says whether a renderer of this machine is on its way."""

    def check_renderer() -> None:
        if is_starting():
            return
        if not any(worker.kind is WorkerKind.RENDER for worker in queue.list_live_workers()):
            raise NotReadyError("no renderer is alive")

    return Readiness(
        {
            "database": queue.database.ping,
            "outputs": lambda: check_writable(guard.folder),
            "disk": guard.check_room,
            "renderer": check_renderer,
        },
        LIMIT_S,
    )


def check_writable(folder: Path) -> None:
    """By writing: permissions alone do not tell of a disk that is mounted read-only. Raises OSError."""
    with tempfile.TemporaryFile(dir=folder) as file:  # without a name where the system can, so that nothing is left
        file.write(b"x")


def _find_reason(answer: Future[None], deadline: float) -> str:
    try:
        answer.result(max(0.0, deadline - time.monotonic()))
    except TimeoutError:
        return "no answer in time"
    except Exception as error:  # whatever it is, this check has failed
        return str(error) or type(error).__name__
    return ""
