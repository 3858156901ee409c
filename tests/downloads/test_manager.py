"""What the page asks of the models, over a server that can be made to stop half-way."""

import time
from collections.abc import Callable, Iterator

import pytest

from heygem.domain.errors import HeyGemError
from heygem.domain.model_errors import DownloadFailedError, LicenceNotAcceptedError, ModelBusyError, ModelNotFoundError
from heygem.domain.models import ModelState, TransferPhase
from heygem.downloads.manager import ModelManager
from heygem.downloads.model_view import ModelView
from heygem.downloads.region import Region
from tests.downloads.shelf import Shelf, content

LARGE, SMALL = content("large", 900_000), content("small", 1000)
PATIENCE_S = 20.0


@pytest.fixture
def manager(shelf: Shelf) -> Iterator[ModelManager]:
    shelf.add("large", {"large/a.pth": LARGE})
    shelf.add("small", {"small/a.pth": SMALL})
    manager = shelf.manager()
    yield manager
    shelf.server.gate.set()
    manager.close()


def until(manager: ModelManager, name: str, wanted: Callable[[ModelView], object]) -> ModelView:
    ends = time.monotonic() + PATIENCE_S
    while not wanted(view := manager.get(name)):
        assert time.monotonic() < ends, view
        time.sleep(0.01)
    return view


def is_half_way(view: ModelView) -> bool:
    return view.phase is TransferPhase.TRANSFERRING and view.progress is not None and view.progress.done_bytes > 0


def in_phase(phase: TransferPhase | None) -> Callable[[ModelView], bool]:
    return lambda view: view.phase is phase


def begin_half_way(shelf: Shelf, manager: ModelManager) -> None:
    shelf.server.close_gate(open_bytes=600_000)
    manager.start("large")
    until(manager, "large", is_half_way)


def test_models_come_one_after_the_other(shelf: Shelf, manager: ModelManager):
    first = manager.snapshot()
    assert [view.state for view in first.models] == [ModelState.MISSING] * 2
    assert (first.used_bytes, first.region) == (0, Region.AUTO) and first.free_bytes > 0
    begin_half_way(shelf, manager)
    manager.start("small")
    manager.start("large")  # changes nothing
    assert manager.get("small").phase is TransferPhase.WAITING and manager.get("small").is_under_way
    shelf.server.gate.set()
    view = until(manager, "small", in_phase(TransferPhase.DONE))
    assert view.state is ModelState.INSTALLED and view.progress and view.progress.share == 1
    assert [view.state for view in manager.snapshot().models] == [ModelState.INSTALLED] * 2
    assert manager.snapshot().used_bytes == len(LARGE) + len(SMALL)
    assert sum("large" in path for path in shelf.server.asked) <= 2


def test_pausing_keeps_what_is_there_and_going_on_ends_it(shelf: Shelf, manager: ModelManager):
    begin_half_way(shelf, manager)
    manager.start("small")
    manager.pause("small")  # it was still waiting
    assert manager.get("small").phase is TransferPhase.PAUSED
    manager.pause("large")
    shelf.server.gate.set()
    view = until(manager, "large", in_phase(TransferPhase.PAUSED))
    assert view.state is ModelState.PARTIAL and view.status.files[0].present_bytes > 0
    assert not view.is_interrupted and view.error is None
    again = shelf.manager()
    assert again.get("large").phase is TransferPhase.PAUSED and not again.get("large").is_interrupted
    manager.start("large")
    until(manager, "large", in_phase(TransferPhase.DONE))
    assert manager.get("large").state is ModelState.INSTALLED
    assert manager.get("small").phase is TransferPhase.PAUSED


def test_giving_up_removes_what_had_come(shelf: Shelf, manager: ModelManager):
    begin_half_way(shelf, manager)
    with pytest.raises(ModelBusyError):
        manager.remove("large")
    manager.cancel("large")
    shelf.server.gate.set()
    view = until(manager, "large", in_phase(None))
    assert view.state is ModelState.MISSING and manager.snapshot().used_bytes == 0
    begin_half_way(shelf, manager)
    manager.pause("large")
    shelf.server.gate.set()
    until(manager, "large", in_phase(TransferPhase.PAUSED))
    manager.cancel("large")
    assert manager.get("large").state is ModelState.MISSING and manager.get("large").phase is None


def test_what_ran_when_the_server_ended_is_offered_to_go_on(shelf: Shelf, manager: ModelManager):
    begin_half_way(shelf, manager)
    manager.start("small")
    shelf.server.gate.set()
    manager.close()
    again = shelf.manager()
    stopped = [view for view in again.snapshot().models if view.phase is TransferPhase.PAUSED]
    assert stopped and all(view.is_interrupted for view in stopped)
    again.start("small")
    until(again, "small", in_phase(TransferPhase.DONE))
    again.close()


def test_an_error_is_kept_for_the_page_and_the_next_start(shelf: Shelf, manager: ModelManager):
    del shelf.server.files["/1.0/small/a.pth"]
    manager.start("small")
    view = until(manager, "small", in_phase(TransferPhase.FAILED))
    assert isinstance(view.error, DownloadFailedError)
    again = shelf.manager().get("small")
    assert again.phase is TransferPhase.FAILED and isinstance(again.error, DownloadFailedError)
    assert str(again.error) == str(view.error)
    shelf.server.files["/1.0/small/a.pth"] = SMALL
    manager.start("small")
    assert until(manager, "small", in_phase(TransferPhase.DONE)).error is None


def test_what_nobody_foresaw_ends_one_model_alone(manager: ModelManager, monkeypatch: pytest.MonkeyPatch):
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    with monkeypatch.context() as patch:
        patch.setattr("tests.downloads.shelf.transfer", break_down)
        manager.start("small")
        view = until(manager, "small", in_phase(TransferPhase.FAILED))
    assert isinstance(view.error, HeyGemError) and view.error.code == "UNEXPECTED"
    manager.start("large")
    until(manager, "large", in_phase(TransferPhase.DONE))


def test_a_licence_is_agreed_to_once(shelf: Shelf):
    shelf.add("own", {"own/a.pth": SMALL}, notice="Research alone.")
    manager = shelf.manager()
    assert manager.get("own").needs_licence
    with pytest.raises(LicenceNotAcceptedError):
        manager.start("own")
    manager.accept_licence("own")
    assert not manager.get("own").needs_licence and manager.get("own").accepted_at
    manager.start("own")
    until(manager, "own", in_phase(TransferPhase.DONE))
    manager.close()


def test_verifying_repairing_importing_and_removing(shelf: Shelf, manager: ModelManager):
    (source := shelf.folder / "any name").write_bytes(SMALL)
    assert [file.model for file in manager.import_files([source])] == ["small"]
    assert manager.get("small").state is ModelState.INSTALLED
    shelf.put("small/a.pth", SMALL[:-1] + b"?")
    manager.verify("small")
    until(manager, "small", in_phase(TransferPhase.DONE))
    assert manager.get("small").state is ModelState.DAMAGED
    manager.repair("small")
    until(manager, "small", in_phase(TransferPhase.DONE))
    assert manager.get("small").state is ModelState.INSTALLED
    assert manager.remove("small") == len(SMALL)
    assert manager.get("small").phase is None and manager.get("small").state is ModelState.MISSING


def test_the_choice_of_mirror_is_remembered(shelf: Shelf, manager: ModelManager):
    manager.set_region(Region.CN)
    assert manager.region is Region.CN and shelf.manager().region is Region.CN


@pytest.mark.parametrize("method", ["get", "start", "verify", "repair", "cancel", "remove", "accept_licence"])
def test_a_model_that_is_not_known_is_told(manager: ModelManager, method: str):
    with pytest.raises(ModelNotFoundError):
        getattr(manager, method)("none")
