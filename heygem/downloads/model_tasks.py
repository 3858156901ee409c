"""What has been asked for, for each model, and how it goes; kept in a file for the server's next start."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from heygem.domain.errors import HeyGemError
from heygem.domain.models import ModelProgress, TransferPhase
from heygem.domain.progress import CancelToken
from heygem.domain.stored_error import restore_error, storable_context
from heygem.downloads.json_file import read_json, write_json
from heygem.downloads.model_view import UNDER_WAY

log = logging.getLogger(__name__)

_KEPT: Final = (*UNDER_WAY, TransferPhase.PAUSED, TransferPhase.FAILED)


class TaskAction(StrEnum):
    """FETCH looks at what nobody has looked at yet, and fetches what is missing or wrong; REPAIR looks at everything
    first; VERIFY fetches nothing.
    """

    FETCH = "fetch"
    REPAIR = "repair"
    VERIFY = "verify"


@dataclass
class ModelTask:
    """`ends_as` is what becomes of it once its token has ended it; None: it is given up, with all that it fetched."""

    action: TaskAction
    phase: TransferPhase = TransferPhase.WAITING
    progress: ModelProgress | None = None
    is_interrupted: bool = False
    error: HeyGemError | None = None
    token: CancelToken = field(default_factory=CancelToken)
    ends_as: TransferPhase | None = TransferPhase.PAUSED

    def report(self, progress: ModelProgress) -> None:
        self.progress = progress
        if progress.phase in UNDER_WAY:  # it is over when the work has returned, and not before
            self.phase = progress.phase


class TaskFile:
    """Where tasks outlive the server."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, tasks: Mapping[str, ModelTask]) -> None:
        """Logs what goes wrong: a download need not fail for it."""
        kept = {name: _describe(task) for name, task in tasks.items() if task.phase in _KEPT}
        try:
            write_json(self._path, kept)
        except HeyGemError as error:
            log.warning("the state of the downloads is not kept: %s", error)

    def read(self) -> dict[str, ModelTask]:
        """What was under way is paused now."""
        told = read_json(self._path)
        return {name: task for name, value in told.items() if (task := _restore(value)) is not None}


def _describe(task: ModelTask) -> dict[str, object]:
    error = {"code": task.error.code, "context": storable_context(task.error)} if task.error else None
    return {"action": task.action, "phase": task.phase, "is_interrupted": task.is_interrupted, "error": error}


def _restore(told: Any) -> ModelTask | None:
    try:
        action, phase = TaskAction(told["action"]), TransferPhase(told["phase"])
        error = told["error"] and restore_error(told["error"]["code"], told["error"]["context"])
        is_interrupted = bool(told["is_interrupted"]) or phase in UNDER_WAY
    except (KeyError, TypeError, ValueError):
        return None
    if action is TaskAction.VERIFY:  # it is quickly asked for again
        return None
    return ModelTask(action, TransferPhase.PAUSED if phase in UNDER_WAY else phase, None, is_interrupted, error)
