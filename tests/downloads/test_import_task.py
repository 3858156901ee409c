"""Files that are brought by hand, one after the other in the background."""

import threading
import time
from pathlib import Path

import pytest

from heygem.domain.errors import CancelledError
from heygem.domain.model_errors import ModelImportError
from heygem.domain.models import ModelProgress, TransferPhase
from heygem.downloads.import_task import ImportTask, ImportView
from heygem.downloads.importing import ImportedFile, ImportMode
from tests.downloads.shelf import Shelf, content


def wait_until_over(task: ImportTask) -> ImportView:
    deadline = time.monotonic() + 30
    while task.view.name and time.monotonic() < deadline:
        time.sleep(0.01)
    return task.view


def test_files_are_taken_in_turn_and_one_that_is_none_stops_no_other(shelf: Shelf, tmp_path: Path):
    shelf.add("one", {"one/a.pth": content("a")})
    task, cleaned = ImportTask(shelf.manager()), threading.Semaphore(0)
    (tmp_path / "wrong").write_bytes(b"x")
    (tmp_path / "right").write_bytes(content("a"))
    for name in ("wrong", "right"):
        task.add([tmp_path / name], ImportMode.MOVE, cleaned.release)
    view = wait_until_over(task)
    assert isinstance(view.error, ModelImportError)
    assert [file.path for file in view.imported] == ["one/a.pth"]
    assert cleaned.acquire(timeout=5) and cleaned.acquire(timeout=5)
    assert not (tmp_path / "right").exists()
    task.dismiss()
    assert task.view == ImportView()


class SlowManager:
    """Imports nothing until it is cancelled."""

    def __init__(self) -> None:
        self.began = threading.Event()

    def import_files(self, places: list[Path], mode: ImportMode, sink, cancel) -> list[ImportedFile]:
        del places, mode
        sink(ModelProgress("one", TransferPhase.VERIFYING, 1, 2))
        self.began.set()
        while not cancel.is_cancelled:
            time.sleep(0.01)
        raise CancelledError()


@pytest.mark.parametrize("count", [1, 3])
def test_cancelling_ends_all_that_were_added(count: int):
    manager = SlowManager()
    task = ImportTask(manager)  # type: ignore[arg-type]  # all that it needs of a manager
    for _ in range(count):
        task.add([Path("x")], ImportMode.COPY)
    assert manager.began.wait(5)
    assert task.view.progress is not None and task.view.progress.share == 0.5
    task.cancel()
    assert wait_until_over(task) == ImportView()
