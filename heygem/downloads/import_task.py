"""Imports of local files, one after the other in a thread of their own, for those who cannot wait for them."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from heygem.domain.errors import CancelledError, HeyGemError, UnexpectedError
from heygem.domain.models import ModelProgress
from heygem.domain.progress import CancelToken
from heygem.downloads.importing import ImportedFile, ImportMode
from heygem.downloads.manager import ModelManager

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ImportView:
    """`name` is what is being looked at, empty where nothing is. The rest is what has come of it since the last
    `dismiss`.
    """

    name: str = ""
    progress: ModelProgress | None = None
    imported: tuple[ImportedFile, ...] = ()
    error: HeyGemError | None = None


@dataclass(frozen=True)
class _Order:
    places: Sequence[Path]
    mode: ImportMode
    clean_up: Callable[[], object]


@dataclass
class ImportTask:
    """For several threads."""

    manager: ModelManager
    _view: ImportView = field(default_factory=ImportView)
    _orders: deque[_Order] = field(default_factory=deque)
    _cancel: CancelToken = field(default_factory=CancelToken)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def view(self) -> ImportView:
        return self._view

    def add(self, places: Sequence[Path], mode: ImportMode, clean_up: Callable[[], object] = lambda: None) -> None:
        """`clean_up` is called at the end, however it ends."""
        with self._lock:
            self._orders.append(_Order(places, mode, clean_up))
            if len(self._orders) > 1:
                return
            self._cancel = CancelToken()
            self._view = replace(self._view, name=_name(places), progress=None)
        threading.Thread(target=self._run, name="import", daemon=True).start()

    def cancel(self) -> None:
        """All that has been added so far."""
        self._cancel.cancel()

    def dismiss(self) -> None:
        """What was told of earlier ones is no longer of interest."""
        with self._lock:
            self._view = replace(self._view, imported=(), error=None)

    def _run(self) -> None:
        while True:
            with self._lock:
                order = self._orders[0]
                self._view = replace(self._view, name=_name(order.places), progress=None)
            imported, error = self._take(order)
            order.clean_up()
            with self._lock:
                told = (*self._view.imported, *imported)
                self._view = ImportView("", None, told, error or self._view.error)
                self._orders.popleft()
                if not self._orders:
                    return

    def _take(self, order: _Order) -> tuple[Sequence[ImportedFile], HeyGemError | None]:
        try:
            return self.manager.import_files(order.places, order.mode, self._tell, self._cancel), None
        except CancelledError:
            return (), None
        except HeyGemError as error:
            return (), error
        except Exception as error:
            log.exception("importing %s failed", _name(order.places))
            return (), UnexpectedError(reason=type(error).__name__)

    def _tell(self, progress: ModelProgress) -> None:
        with self._lock:
            self._view = replace(self._view, progress=progress)


def _name(places: Sequence[Path]) -> str:
    return ", ".join(place.name for place in places)
