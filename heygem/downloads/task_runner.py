"""Does what is asked for the models, one after the other, in a thread of its own. Knows nothing of what the work is."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from heygem.domain.errors import CancelledError, HeyGemError, UnexpectedError
from heygem.domain.models import TransferPhase
from heygem.downloads.model_tasks import ModelTask, TaskAction, TaskFile
from heygem.downloads.model_view import UNDER_WAY

log = logging.getLogger(__name__)


class TaskRunner:
    """For several threads. `work` does a model's task; `give_up` clears away after one that was given up."""

    def __init__(
        self, file: TaskFile, work: Callable[[str, ModelTask], object], give_up: Callable[[str], None]
    ) -> None:
        self._file = file
        self._work = work
        self._give_up = give_up
        self._lock = threading.Lock()
        self._tasks = file.read()
        self._waiting: list[str] = []
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def find(self, name: str) -> ModelTask | None:
        """As it stands now."""
        with self._lock:
            task = self._tasks.get(name)
            return replace(task) if task else None

    def begin(self, name: str, action: TaskAction) -> None:
        """Behind those that wait. Nothing new where one of the model is under way, or after `close`."""
        with self._lock:
            task = self._tasks.get(name)
            is_at_it = task is not None and task.phase in UNDER_WAY and not task.token.is_cancelled
            if self._is_closed or is_at_it:
                return
            self._tasks[name] = ModelTask(action)
            self._waiting.append(name)
            self._file.write(self._tasks)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="model downloads", daemon=True)
                self._thread.start()

    def stop(self, name: str, ends_as: TransferPhase | None) -> bool:
        """Makes it end as PAUSED, or None: given up. Whether that is left to the thread that is at it."""
        with self._lock:
            task = self._tasks.get(name)
            if task is None or task.phase not in UNDER_WAY:
                return False
            task.ends_as = ends_as
            task.token.cancel()
            if name not in self._waiting:
                return True
            self._waiting.remove(name)
            task.phase = ends_as or TransferPhase.PAUSED
            self._file.write(self._tasks)
            return False

    def forget(self, name: str) -> None:
        """What is not under way any more."""
        with self._lock:
            task = self._tasks.get(name)
            if task is not None and task.phase not in UNDER_WAY:
                del self._tasks[name]
                self._file.write(self._tasks)

    def close(self) -> None:
        """Ends what is under way, which counts as interrupted at the next start. Waits for that."""
        with self._lock:
            self._is_closed = True
            self._waiting.clear()
            for task in self._tasks.values():
                if not task.token.is_cancelled:
                    task.ends_as = TransferPhase.WAITING
                task.token.cancel()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                name = self._waiting.pop(0)
                task = self._tasks[name]
            phase, error = self._do(name, task)
            with self._lock:
                task.phase, task.error = phase or TransferPhase.PAUSED, error
                if phase is None and self._tasks.get(name) is task:
                    del self._tasks[name]
                self._file.write(self._tasks)

    def _do(self, name: str, task: ModelTask) -> tuple[TransferPhase | None, HeyGemError | None]:
        """What becomes of it; a phase of None: it was given up."""
        try:
            task.token.check()
            self._work(name, task)
            return TransferPhase.DONE, None
        except CancelledError:
            if task.ends_as is None:
                self._give_up(name)
            return task.ends_as, None
        except HeyGemError as error:
            log.warning("the model %s: %s", name, error, exc_info=error.__cause__)
            return TransferPhase.FAILED, error
        except Exception as error:
            log.exception("the model %s failed unexpectedly", name)
            return TransferPhase.FAILED, UnexpectedError(reason=str(error) or type(error).__name__)
