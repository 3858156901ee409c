"""The line on storage above the history, measured when that is opened and after whatever is done there, and the dry
run of the cleaning below it.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

import gradio as gr
from gradio.events import Dependency

from heygem.domain.library import OutputKind
from heygem.domain.output_query import OutputPage, UsageBy
from heygem.library.catalogue import Library
from heygem.maintenance.disk_growth import DiskHistory
from heygem.maintenance.disk_guard import DiskGuard
from heygem.maintenance.disk_outlook import look_ahead
from heygem.web.history_query import Filters, Shelf, read_now
from heygem.web.item_list import skip_same
from heygem.web.prune_preview import PrunePreview
from heygem.web.session import QUIET, BrowserSession
from heygem.web.storage_card import Storage, storage_card


class StoragePanel:
    def __init__(
        self,
        library: Library,
        guard: DiskGuard,
        history: DiskHistory,
        preview: PrunePreview,
        session: BrowserSession,
    ) -> None:
        self._library = library
        self._guard = guard
        self._history = history
        self._preview = preview
        self._session = session

    def render(self) -> None:
        self.card = gr.HTML(elem_id="storage", apply_default_css=False)
        self.card_state = gr.State("")  # as it was last sent
        self._preview.render()

    def wire(self, acted: Dependency) -> None:
        """`acted` is whatever may have changed what is stored."""
        looks: dict[str, Any] = {
            "fn": self.view,
            "inputs": [self._session.language, self.card_state],
            "outputs": [self.card, self.card_state],
            **QUIET,
        }
        self._session.follow(self.view, looks["inputs"], looks["outputs"], tab="history")
        acted.then(**looks)
        self._preview.wire()

    def view(self, language: str, card: str) -> tuple[Any, str]:
        now = storage_card(self.measure(), self._session.translator(language))
        return skip_same(now, card), now

    def measure(self) -> Storage:
        now = read_now()
        outlook = look_ahead(self._guard, self._history, now)
        leaving, archiving = find_expiring(self._library, now)
        return Storage(
            usages={by: self._library.list_usage(by) for by in UsageBy},
            disk=outlook.facts,
            disk_state=outlook.state,
            full_at=outlook.full_at,
            leaving=leaving,
            archiving=archiving,
        )


def find_expiring(library: Library, now: datetime) -> tuple[OutputPage, OutputPage]:
    """How many videos go to the trash soon, and how many to the archive; without the videos themselves."""
    query = replace(Filters(shelf=Shelf.EXPIRING).to_query(now), limit=1)
    every = library.search(query)
    archive = library.rules and library.rules.archive
    kinds = [kind for kind in OutputKind if archive and archive.is_wanted(kind)]
    pages = [library.search(replace(query, kind=kind)) for kind in kinds]
    total, total_bytes = sum(page.total for page in pages), sum(page.total_bytes for page in pages)
    return OutputPage((), every.total - total, every.total_bytes - total_bytes), OutputPage((), total, total_bytes)
