"""The lower half of the tab 批量处理: the batches that were started, how far each of them and each job is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import gradio as gr
from gradio.events import Dependency

from heygem.config.strings import Translator
from heygem.domain.errors import HeyGemError
from heygem.domain.queue import BatchStatus
from heygem.jobs.queue import JobQueue
from heygem.library.catalogue import Library
from heygem.web.batch_cards import batch_row, board_rows, job_row, more_row
from heygem.web.finished import GONE, find_finished
from heygem.web.item_list import Action, Row, Shown, build_update, item_list
from heygem.web.labels import Labels
from heygem.web.session import QUIET, BrowserSession

POLL_S: Final = 1.0
BATCHES_SHOWN: Final = 30
JOBS_SHOWN: Final = 100


@dataclass(frozen=True)
class BoardView:
    """What one browser shows. Batches are open while they run and stay so; a user's own choice comes first."""

    shown: Shown = field(default_factory=Shown)
    opened: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    limits: Mapping[str, int] = field(default_factory=dict)

    def is_open(self, batch: BatchStatus) -> bool:
        return batch.batch_id in self.opened or (batch.batch_id not in self.closed and not batch.is_final)

    def toggle(self, batch_id: str) -> "BoardView":
        if batch_id in self.opened:
            return replace(self, opened=self.opened - {batch_id}, closed=self.closed | {batch_id})
        return replace(self, opened=self.opened | {batch_id}, closed=self.closed - {batch_id})

    def show_more(self, batch_id: str) -> "BoardView":
        return replace(self, limits={**self.limits, batch_id: self.limits.get(batch_id, JOBS_SHOWN) + JOBS_SHOWN})


class BatchBoard:
    def __init__(self, queue: JobQueue, library: Library, labels: Labels, session: BrowserSession) -> None:
        self._queue = queue
        self._library = library
        self._labels = labels
        self._session = session
        self._batch_actions: Mapping[str, Callable[[str], object]] = {
            "pause-batch": queue.pause_batch,
            "resume-batch": queue.resume_batch,
            "cancel-batch": queue.cancel_batch,
            "retry-batch": queue.retry_batch,
        }
        self._job_actions: Mapping[str, Callable[[str], object]] = {
            "pause": queue.pause,
            "resume": queue.resume,
            "cancel": queue.cancel,
            "retry": queue.retry,
            "up": lambda job_id: queue.move(job_id, -1),
            "down": lambda job_id: queue.move(job_id, 1),
        }

    def render(self) -> None:
        make = self._labels.make
        with gr.Row(elem_classes="hg-board-head"):
            make(gr.HTML, {"value": board_title}, apply_default_css=False)
            self.everybody = make(
                gr.Checkbox, {"label": "batch.everybody"}, value=False, scale=0, min_width=200, container=False,
                elem_id="everybody",
            )  # fmt: skip
        self.list = make(item_list, {"label": "batch.list"}, elem_id="board")
        self.timer = gr.Timer(POLL_S, active=False)
        self.view_state = gr.State(BoardView())

    def wire(self, begun: Dependency, begun_id: gr.State) -> None:
        """`begun` is what starts a batch, which `begun_id` names afterwards."""
        owner, language = self._session.owner, self._session.language
        inputs = [owner, language, self.everybody, self.view_state]
        shown = [self.list, self.timer, self.view_state]
        self._session.follow(self.view, inputs, shown, tab="batch")
        gr.on([self.timer.tick, self.everybody.change], self.view, inputs, shown, trigger_mode="always_last", **QUIET)
        begun.then(self.view_begun, [begun_id, *inputs], shown, **QUIET)
        self.list.act(self.act, inputs, shown, trigger_mode="multiple", **QUIET)
        self.list.stale(self.view_anew, inputs, shown, trigger_mode="always_last", **QUIET)

    def view(self, owner: str, language: str, is_everybody: bool, view: BoardView) -> tuple[Any, Any, BoardView]:
        """List, timer, state: whatever has changed since `view`."""
        tr = self._session.translator(language)
        batches = self._queue.list_batches(None if is_everybody else owner, limit=BATCHES_SHOWN) if owner else []
        view = replace(view, opened=view.opened | {batch.batch_id for batch in batches if view.is_open(batch)})
        rows = board_rows([self._block(batch, owner, view, tr) for batch in batches], tr)
        value, shown = build_update(rows, view.shown)
        is_busy = any(not batch.is_final for batch in batches)
        return gr.skip() if value is None else value, gr.update(active=is_busy), replace(view, shown=shown)

    def view_begun(
        self, batch_id: str, owner: str, language: str, is_everybody: bool, view: BoardView
    ) -> tuple[Any, Any, BoardView]:
        """Open, though it may have ended already."""
        return self.view(owner, language, is_everybody, replace(view, opened=view.opened | {batch_id}))

    def view_anew(self, owner: str, language: str, is_everybody: bool, view: BoardView) -> tuple[Any, Any, BoardView]:
        """For a browser that has missed an update."""
        return self.view(owner, language, is_everybody, replace(view, shown=Shown()))

    def act(
        self, event: gr.EventData, owner: str, language: str, is_everybody: bool, view: BoardView
    ) -> tuple[Any, Any, BoardView]:
        action = Action.read(event)
        if action.name == "toggle":
            view = view.toggle(action.key)
        elif action.name.startswith("more:"):
            view = view.show_more(action.name.partition(":")[2])
        else:
            self._do(action, owner, self._session.translator(language))
        return self.view(owner, language, is_everybody, view)

    def _do(self, action: Action, owner: str, tr: Translator) -> None:
        """Only on what is the owner's; a job that has ended meanwhile is told of in a toast."""
        try:
            if action.name in self._batch_actions and self._queue.get_batch(action.key).owner == owner:
                self._batch_actions[action.name](action.key)
            elif action.name in self._job_actions and self._queue.get_status(action.key).owner == owner:
                self._job_actions[action.name](action.key)
        except HeyGemError as error:
            gr.Warning(tr(f"error.{error.code}", **error.context), title=tr("job.refused"))

    def _block(self, batch: BatchStatus, owner: str, view: BoardView, tr: Translator) -> list[Row]:
        """A batch and, where it is open, its first jobs."""
        is_open, is_own = view.is_open(batch), batch.owner == owner
        head = batch_row(batch, is_open, is_own, tr)
        if not is_open:
            return [head]
        limit = view.limits.get(batch.batch_id, JOBS_SHOWN)
        jobs = self._queue.list_jobs(batch_id=batch.batch_id, limit=limit)
        videos = find_finished(self._library, jobs)
        rows = [head, *(job_row(status, is_own, tr, videos.get(status.job_id, GONE)) for status in jobs)]
        left = batch.total - len(jobs)
        return [*rows, more_row(batch, left, tr)] if left > 0 else rows


def board_title(tr: Translator) -> str:
    return f'<h2 class="hg-heading">{tr("batch.heading")}</h2>'
