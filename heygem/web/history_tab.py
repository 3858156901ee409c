"""The tab 生成结果历史: every finished video, found, played, kept, thrown away and brought back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import gradio as gr

from heygem.config.strings import Translator
from heygem.domain.errors import HeyGemError
from heygem.domain.output_query import OutputPage, UsageBy
from heygem.library.catalogue import Library
from heygem.library.fetching import FetchDesk
from heygem.web import history_cards as cards
from heygem.web.history_actions import NOTHING, Done, OutputActions
from heygem.web.history_filters import FilterBox, name_choices
from heygem.web.history_panel import PREFIX, panel_row
from heygem.web.history_prospect import find_prospect
from heygem.web.history_query import PAGE_SIZE, Filters, Paging, read_now
from heygem.web.item_list import Action, Row, Shown, build_list_update, build_update, item_list
from heygem.web.labels import Labels
from heygem.web.session import QUIET, BrowserSession
from heygem.web.storage_panel import StoragePanel

POLL_S: Final = 5.0
COMING_S: Final = 1.0  # while something comes from the archive


@dataclass(frozen=True)
class HistoryView:
    """What one browser shows."""

    shown: Shown = field(default_factory=Shown)
    head: str = ""
    filters: Filters = field(default_factory=Filters)
    page: int = 0
    picked: str = ""
    is_all: bool = False
    done: Done = NOTHING

    def follow(self, filters: Filters) -> "HistoryView":
        """Other filters begin at their first page, with nothing chosen."""
        return self if filters == self.filters else HistoryView(self.shown, self.head, filters)


class HistoryTab:
    def __init__(
        self,
        library: Library,
        desk: FetchDesk | None,
        storage: StoragePanel,
        labels: Labels,
        session: BrowserSession,
    ) -> None:
        """`desk` is what videos are asked for at that the archive alone has; None where there is no archive."""
        self._library = library
        self._storage = storage
        self._labels = labels
        self._session = session
        self._desk = desk
        self._filters = FilterBox(labels, has_archive=desk is not None or library.has_copies())
        self._actions = OutputActions(library, desk)
        self._steps: Mapping[str, Callable[[HistoryView, str], HistoryView]] = {
            "pick": self._pick,
            "close": lambda view, _: replace(view, picked=""),
            "previous": lambda view, _: replace(view, page=view.page - 1, picked=""),
            "next": lambda view, _: replace(view, page=view.page + 1, picked=""),
            "choose-all": lambda view, _: replace(view, is_all=True),
            "choose-none": lambda view, _: replace(view, is_all=False),
            "dismiss": lambda view, _: replace(view, done=NOTHING),
        }

    def render(self) -> None:
        with self._labels.make(gr.Tab, {"label": "page.history"}, id="history"):
            self._storage.render()
            self._filters.render()
            self.list = self._labels.make(item_list, {"label": "history.list"}, elem_id="history")
            self.timer = gr.Timer(POLL_S, active=False)
            self.view_state = gr.State(HistoryView())

    def wire(self) -> None:
        language, tab = self._session.language, self._session.tab
        fields, state = self._filters.fields, self.view_state
        inputs, shown = [tab, language, state, *fields], [self.list, self.timer, state]
        changes = [part.change for part in fields]
        self._session.follow(self.view, inputs, shown)
        gr.on([self.timer.tick, *changes], self.view, inputs, shown, trigger_mode="always_last", **QUIET)
        acted = self.list.act(self.act, inputs, shown, trigger_mode="multiple", **QUIET)
        self.list.stale(self.view_anew, inputs, shown, trigger_mode="always_last", **QUIET)
        self._storage.wire(acted)
        names = [self._filters.owner, self._filters.project]
        self._session.follow(self.list_names, [language], names, tab="history")

    def view(self, tab: str, language: str, view: HistoryView, *fields: Any) -> tuple[Any, Any, HistoryView]:
        """List, timer, state: whatever has changed since `view`; nothing while another tab is open."""
        if tab != "history":
            return gr.skip(), gr.update(active=False), view
        view, tr = view.follow(Filters.read(*fields)), self._session.translator(language)
        view, found = self._find(view)
        rows, head = self._draw(view, found, tr)
        value, shown = build_update(rows, view.shown, repr(view.filters))
        then = replace(view, shown=shown, head=head)
        return build_list_update(value, head, view.head), gr.update(active=True, value=self._find_pause()), then

    def view_anew(self, tab: str, language: str, view: HistoryView, *fields: Any) -> tuple[Any, Any, HistoryView]:
        """For a browser that has missed an update."""
        return self.view(tab, language, replace(view, shown=Shown(), head=""), *fields)

    def act(
        self, event: gr.EventData, tab: str, language: str, view: HistoryView, *fields: Any
    ) -> tuple[Any, Any, HistoryView]:
        action, view = Action.read(event), view.follow(Filters.read(*fields))
        tr = self._session.translator(language)
        try:
            view = self._do(view, action, tr)
        except HeyGemError as error:
            gr.Warning(tr.explain(error), title=tr("history.refused"))
        return self.view(tab, language, view, *fields)

    def list_names(self, language: str) -> list[Any]:
        """Of the owners and the projects that can be chosen."""
        tr = self._session.translator(language)
        found = {by: [usage.name for usage in self._library.list_usage(by)] for by in UsageBy}
        return [gr.update(choices=name_choices(by, names, tr)) for by, names in found.items()]

    def _find_pause(self) -> float:
        """In seconds, until the page asks again."""
        return COMING_S if self._desk is not None and self._desk.is_busy else POLL_S

    def _draw(self, view: HistoryView, found: OutputPage, tr: Translator) -> tuple[list[Row], str]:
        """Rows and head."""
        now, done, coming = read_now(), view.done, self._desk.list_items() if self._desk else {}
        paging = Paging(view.page, found.total, found.total_bytes)
        rows = [cards.told_row(done.told, tr("history.undo") if done.undo else "")] if done.told else []
        for record in found.records:
            prospect = find_prospect(record, self._library.rules, coming.get(record.output_id))
            rows.append(cards.output_row(record, view.is_all, prospect, now, tr))
            if record.output_id == view.picked:
                rows.append(panel_row(record, prospect, now, tr))
        if not found.records:
            rows.append(cards.empty_row(tr("history.none" if view.filters.is_wide else "history.none_match")))
        if paging.pages > 1:
            rows.append(cards.pager_row(paging, tr))
        return rows, cards.history_head(paging, view.filters, view.is_all, tr)

    def _find(self, view: HistoryView) -> tuple[HistoryView, OutputPage]:
        """The last page where there are no longer so many."""
        found = self._library.search(view.filters.to_query(read_now(), view.page))
        if found.records or not view.page:
            return view, found
        view = replace(view, page=max(0, -(-found.total // PAGE_SIZE) - 1))
        return view, self._library.search(view.filters.to_query(read_now(), view.page))

    def _do(self, view: HistoryView, action: Action, tr: Translator) -> HistoryView:
        """`name`, `name-checked`, `name-all` or `kind:pinned`: what is to be done, and to which."""
        if action.name in self._steps:
            return self._steps[action.name](view, action.key)
        if action.name == "undo":
            return replace(view, done=self._actions.do("restore", view.done.undo, "", tr))
        name, _, choice = action.name.partition(":")
        name, _, whole = name.partition("-")
        done = self._actions.do(name, self._list_ids(view, action, whole), choice or action.text, tr)
        return replace(view, done=done, is_all=False)

    def _list_ids(self, view: HistoryView, action: Action, whole: str) -> Sequence[str]:
        """`whole`: all (that match), checked, or "" for the row that was acted on."""
        if whole == "all":
            return self._library.find_ids(view.filters.to_query(read_now()))
        return action.checked if whole else [action.key.removeprefix(PREFIX)]

    def _pick(self, view: HistoryView, key: str) -> HistoryView:
        """A second click closes it again."""
        if key == view.picked:
            return replace(view, picked="")
        self._library.touch(key)
        return replace(view, picked=key)
