"""The tab 运行实时日志: the log of all processes as it is written, by level and by words."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import gradio as gr

from heygem.config.strings import Translator
from heygem.maintenance.log_reader import LogFilter, LogPage, follow_log, read_log
from heygem.web.item_list import Action, Shown, build_list_update, build_update, item_list
from heygem.web.labels import Labels
from heygem.web.log_cards import log_rows
from heygem.web.session import QUIET, BrowserSession

POLL_S: Final = 1.5
SHOWN: Final = 300  # entries
BUDGET_S: Final = 0.8  # of one search; each time that it is asked to go further, FURTHER times as long
FURTHER: Final = 5
CHOICES: Final = ("INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class LogView:
    """What one browser shows. `found` is None until the log has been read."""

    shown: Shown = field(default_factory=Shown)
    wanted: LogFilter = field(default_factory=LogFilter)
    budget_s: float = BUDGET_S
    found: LogPage | None = None


class LogTab:
    def __init__(self, folder: Path, labels: Labels, session: BrowserSession) -> None:
        self._folder = folder
        self._labels = labels
        self._session = session

    def render(self) -> None:
        make = self._labels.make
        with make(gr.Tab, {"label": "page.log"}, id="log"):
            with gr.Row(elem_classes="hg-shelves"):
                self.words = make(
                    gr.Textbox, {"label": "log.search", "placeholder": "log.search_hint"}, value="", max_lines=1,
                    show_label=False, container=False, scale=1, min_width=220, elem_id="log-words",
                )  # fmt: skip
                self.level = make(
                    gr.Radio, {"label": "log.level", "choices": level_choices}, value="INFO", show_label=False,
                    container=False, scale=0, elem_id="log-level",
                )  # fmt: skip
                self.follows = make(
                    gr.Checkbox, {"label": "log.follow"}, value=True, container=False, scale=0, min_width=110,
                    elem_id="log-follow",
                )  # fmt: skip
            self.list = make(item_list, {"label": "log.list"}, elem_id="log")
            self.timer = gr.Timer(POLL_S, active=False)
            self.view_state = gr.State(LogView())

    def wire(self) -> None:
        language, tab = self._session.language, self._session.tab
        inputs = [tab, language, self.view_state, self.words, self.level, self.follows]
        shown = [self.list, self.timer, self.view_state]
        fields = [part.change for part in (self.words, self.level, self.follows)]
        self._session.follow(self.view, inputs, shown)
        gr.on([self.timer.tick, *fields], self.view, inputs, shown, trigger_mode="always_last", **QUIET)
        self.list.act(self.act, inputs, shown, trigger_mode="multiple", **QUIET)
        self.list.stale(self.view_anew, inputs, shown, trigger_mode="always_last", **QUIET)

    def view(
        self, tab: str, language: str, view: LogView, words: str, level: str, follows: bool
    ) -> tuple[Any, Any, LogView]:
        """List, timer, state: whatever has changed since `view`; nothing while another tab is open."""
        if tab != "log":
            return gr.skip(), gr.update(active=False), view
        wanted = LogFilter(level if level in CHOICES else "DEBUG", words)
        if wanted != view.wanted:
            view = LogView(view.shown, wanted)
        found = self._read(view) if follows or view.found is None else view.found
        value, shown = build_update(log_rows(found, self._session.translator(language)), view.shown)
        return build_list_update(value, "", ""), gr.update(active=follows), replace(view, found=found, shown=shown)

    def view_anew(self, tab: str, language: str, view: LogView, *fields: Any) -> tuple[Any, Any, LogView]:
        """For a browser that has missed an update."""
        return self.view(tab, language, replace(view, shown=Shown()), *fields)

    def act(
        self, event: gr.EventData, tab: str, language: str, view: LogView, *fields: Any
    ) -> tuple[Any, Any, LogView]:
        if Action.read(event).name == "further":
            budget_s = view.budget_s * FURTHER
            view = replace(view, budget_s=budget_s, found=read_log(self._folder, view.wanted, SHOWN, budget_s))
        return self.view(tab, language, view, *fields)

    def _read(self, view: LogView) -> LogPage:
        """Only what is new, as long as that can be told."""
        before = view.found
        fresh = None if before is None else follow_log(self._folder, view.wanted, before.position)
        if before is None or fresh is None:
            return read_log(self._folder, view.wanted, SHOWN, view.budget_s)
        entries = (*fresh.entries, *before.entries)[:SHOWN]
        return LogPage(entries, fresh.position, before.back_to if len(entries) < SHOWN else None)


def level_choices(tr: Translator) -> list[tuple[str, str]]:
    return [(tr(f"log.{name}"), level) for name, level in zip(("all", "warnings", "errors"), CHOICES, strict=True)]
