"""The line on storage above the history: measured when the history is opened and after whatever is done there."""

from typing import Any, Final

import gradio as gr
from gradio.events import Dependency

from heygem.domain.output_query import UsageBy
from heygem.library.catalogue import Library
from heygem.maintenance.disk_growth import DiskHistory, find_full_at, find_growth
from heygem.maintenance.disk_guard import DiskGuard
from heygem.web.history_query import Filters, Shelf, read_now
from heygem.web.item_list import skip_same
from heygem.web.session import BrowserSession
from heygem.web.storage_card import Storage, storage_card

QUIET: Final[dict[str, Any]] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


class StoragePanel:
    def __init__(self, library: Library, guard: DiskGuard, history: DiskHistory, session: BrowserSession) -> None:
        self._library = library
        self._guard = guard
        self._history = history
        self._session = session

    def render(self) -> None:
        self.card = gr.HTML(elem_id="storage", apply_default_css=False)
        self.card_state = gr.State("")  # as it was last sent

    def wire(self, page: gr.Blocks, acted: Dependency) -> None:
        """`acted` is whatever may have changed what is stored."""
        tab, language = self._session.tab, self._session.language
        looks: dict[str, Any] = {
            "fn": self.view,
            "inputs": [tab, language, self.card_state],
            "outputs": [self.card, self.card_state],
            **QUIET,
        }
        gr.on([page.load, tab.change, language.change], trigger_mode="always_last", **looks)
        acted.then(**looks)

    def view(self, tab: str, language: str, card: str) -> tuple[Any, str]:
        """Nothing while another tab is open."""
        if tab != "history":
            return gr.skip(), card
        now = storage_card(self.measure(), self._session.translator(language))
        return skip_same(now, card), now

    def measure(self) -> Storage:
        now, disk = read_now(), self._guard.measure()
        growth = find_growth(self._history.read(), now)
        return Storage(
            projects=self._library.list_usage(UsageBy.PROJECT),
            disk=disk,
            disk_state=self._guard.judge(disk),
            full_at=find_full_at(growth, disk, self._guard.refuse_share, now),
            leaving=self._library.search(Filters(shelf=Shelf.EXPIRING).to_query(now)),
        )
