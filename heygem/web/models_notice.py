"""The line above the tabs: at the first visit, which models could be downloaded; later, how a download goes."""

from typing import Any, Final

import gradio as gr

from heygem.domain.errors import HeyGemError
from heygem.downloads.manager import ModelManager
from heygem.web.item_list import Action, Shown, build_list_update, build_update, item_list
from heygem.web.labels import Labels
from heygem.web.models_cards import notice_rows
from heygem.web.session import QUIET, BrowserSession, remember

POLL_S: Final = 1.0


class ModelsNotice:
    """Nothing of it on the models' own tab. A browser that has said "not now" is left in peace."""

    def __init__(self, manager: ModelManager, labels: Labels, session: BrowserSession) -> None:
        self._manager = manager
        self._labels = labels
        self._session = session

    def render(self) -> None:
        self.list = self._labels.make(item_list, {"label": "models.list"}, elem_id="models-notice")
        self.timer = gr.Timer(POLL_S, active=False)
        self.shown_state = gr.State(Shown())
        self.is_later = remember("models-later", False)

    def wire(self, tabs: gr.Tabs) -> None:
        tab, language = self._session.tab, self._session.language
        inputs = [tab, language, self.is_later, self.shown_state]
        shown = [self.list, self.timer, self.shown_state]
        self._session.follow(self.view, inputs, shown)
        gr.on([self.is_later.change, self.timer.tick], self.view, inputs, shown, trigger_mode="always_last", **QUIET)
        self.list.act(self.act, inputs, [*shown, self.is_later, tabs, tab], trigger_mode="multiple", **QUIET)
        self.list.stale(
            lambda tab, language, is_later: self.view(tab, language, is_later, Shown()),
            inputs[:3], shown, trigger_mode="always_last", **QUIET,
        )  # fmt: skip

    def view(self, tab: str, language: str, is_later: bool, shown: Shown) -> tuple[Any, Any, Shown]:
        """List, timer, state."""
        rows, is_moving = [], False
        if tab != "models":
            snapshot = self._manager.snapshot()
            rows = notice_rows(snapshot, bool(is_later), self._session.translator(language))
            is_moving = any(view.is_under_way for view in snapshot.models)
        value, shown = build_update(rows, shown)
        return build_list_update(value, "", ""), gr.update(active=is_moving), shown

    def act(self, event: gr.EventData, tab: str, language: str, is_later: bool, shown: Shown) -> tuple[Any, ...]:
        action, opened = Action.read(event), gr.skip()
        try:
            match action.name:
                case "pause":
                    self._manager.pause(action.key)
                case "fetch":
                    self._manager.start(action.key)
                case "later":
                    is_later = True
                case "look":
                    tab, opened = "models", gr.update(selected="models")
        except HeyGemError as error:
            gr.Warning(self._session.translator(language).explain(error))
        return *self.view(tab, language, is_later, shown), is_later, opened, tab
