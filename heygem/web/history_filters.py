"""The fields above the history's cards, in the order that Filters.read has them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import gradio as gr

from heygem.config.strings import Translator
from heygem.domain.library import OutputKind
from heygem.domain.output_query import OutputOrder, UsageBy
from heygem.web import format as fmt
from heygem.web.history_query import ANY, MB, Shelf
from heygem.web.labels import Labels

SINCE_DAYS: Final = (0, 1, 7, 30, 90)  # 0 is at any time
MIN_MB: Final = (0, 10, 100, 1024)  # 0 is any size


@dataclass
class FilterBox:
    labels: Labels
    has_archive: bool = False
    fields: list[Any] = field(default_factory=list)

    def render(self) -> None:
        make = self.labels.make
        with gr.Row(elem_classes="hg-shelves"):
            words = make(
                gr.Textbox, {"label": "history.search", "placeholder": "history.search_hint"}, value="", max_lines=1,
                show_label=False, container=False, scale=1, min_width=220, elem_id="history-words",
            )  # fmt: skip
            shelf = make(
                gr.Radio, {"label": "history.shelf", "choices": self._shelves}, value=Shelf.PRESENT, show_label=False,
                container=False, scale=0, elem_id="shelf",
            )  # fmt: skip
        with gr.Row(elem_classes="hg-filters"):
            order = self._choose(order_choices, "history.order", OutputOrder.NEWEST)
            kind = self._choose(kind_choices, "history.kind", ANY)
            self.owner, self.project = self._choose_name("history.owner"), self._choose_name("history.project")
            days = self._choose(since_choices, "history.since", 0)
            size = self._choose(size_choices, "history.size", 0)
        self.fields = [words, shelf, kind, self.owner, self.project, days, size, order]

    def _shelves(self, tr: Translator) -> list[tuple[str, str]]:
        shelves = [shelf for shelf in Shelf if self.has_archive or shelf is not Shelf.ARCHIVED]
        return [(tr(f"shelf.{shelf}"), str(shelf)) for shelf in shelves]

    def _choose(self, choices: Callable[[Translator], object], label: str, value: object) -> gr.Dropdown:
        return self.labels.make(
            gr.Dropdown, {"label": label, "choices": choices}, value=value, filterable=False, min_width=150,
            elem_id=label.replace(".", "-"),
        )  # fmt: skip

    def _choose_name(self, label: str) -> gr.Dropdown:
        """Of a name that the library has; which these are, the page asks when it is opened."""
        return self.labels.make(
            gr.Dropdown, {"label": label}, choices=[(ANY, ANY)], value=ANY, filterable=False, min_width=150,
            elem_id=label.replace(".", "-"),
        )  # fmt: skip


def order_choices(tr: Translator) -> list[tuple[str, str]]:
    return [(tr(f"order.{order}"), str(order)) for order in OutputOrder]


def kind_choices(tr: Translator) -> list[tuple[str, str]]:
    return [(tr("history.any_kind"), ANY), *((tr(f"kind.{kind}"), str(kind)) for kind in OutputKind)]


def name_choices(by: UsageBy, names: Iterable[str], tr: Translator) -> list[tuple[str, str]]:
    """Of the owners or projects that there are, in their order."""
    return [(tr(f"every.{by}"), ANY), *((name or tr(f"without.{by}"), name) for name in sorted(names))]


def since_choices(tr: Translator) -> list[tuple[str, int]]:
    return [(_since(days, tr), days) for days in SINCE_DAYS]


def size_choices(tr: Translator) -> list[tuple[str, int]]:
    return [(tr("history.at_least", size=fmt.size(mb * MB)) if mb else tr("history.any_size"), mb) for mb in MIN_MB]


def _since(days: int, tr: Translator) -> str:
    match days:
        case 0:
            return tr("history.any_time")
        case 1:
            return tr("history.today")
    return tr("history.last_days", count=days)
