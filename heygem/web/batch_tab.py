"""The tab 批量处理: many people, one or several voices; what is to be made above, what is being made below."""

import gradio as gr

from heygem.jobs.drafts import Drafts
from heygem.jobs.queue import JobQueue
from heygem.library.catalogue import Library
from heygem.web.batch_board import BatchBoard
from heygem.web.batch_draft import DraftPanel
from heygem.web.engine_box import EngineBox
from heygem.web.labels import Labels
from heygem.web.session import BrowserSession


class BatchTab:
    def __init__(
        self,
        queue: JobQueue,
        library: Library,
        drafts: Drafts,
        max_upload_bytes: int,
        labels: Labels,
        session: BrowserSession,
        engine: EngineBox,
    ) -> None:
        self._labels = labels
        self._draft = DraftPanel(drafts, max_upload_bytes, labels, session, engine)
        self._board = BatchBoard(queue, library, labels, session)

    def render(self) -> None:
        with self._labels.make(gr.Tab, {"label": "page.batch"}, id="batch"):
            self._draft.render()
            self._board.render()

    def wire(self) -> None:
        self._draft.wire()
        self._board.wire(self._draft.begun, self._draft.begun_id)
