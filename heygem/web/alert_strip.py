"""What is wrong now, above the tabs: nothing while all is well."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final

import gradio as gr

from heygem.config.strings import Translator
from heygem.maintenance.alerts.book import AlertBook
from heygem.maintenance.alerts.standing import Standing
from heygem.maintenance.alerts.wording import name_alert
from heygem.web import format as fmt
from heygem.web.item_list import skip_same
from heygem.web.session import QUIET, BrowserSession

LOOK_S: Final = 60.0  # as often as anything is looked at


class AlertStrip:
    def __init__(self, book: AlertBook, session: BrowserSession) -> None:
        self._book = book
        self._session = session

    def render(self) -> None:
        self.strip = gr.HTML(elem_id="alerts", apply_default_css=False)
        self.strip_state = gr.State("")  # as it was last sent
        self.timer = gr.Timer(LOOK_S)

    def wire(self) -> None:
        inputs, shown = [self._session.language, self.strip_state], [self.strip, self.strip_state]
        self._session.follow(self.view, inputs, shown)
        self.timer.tick(self.view, inputs, shown, **QUIET)

    def view(self, language: str, strip: str) -> tuple[Any, str]:
        now = alert_strip(self._book.list_standing(), self._session.translator(language))
        return skip_same(now, strip), now


def alert_strip(standing: Sequence[Standing], tr: Translator) -> str:
    """A line for each; "" for none."""
    lines = "".join(_line(alert, tr) for alert in standing)
    return f'<ul class="hg-alerts" role="status">{lines}</ul>' if lines else ""


def _line(alert: Standing, tr: Translator) -> str:
    tone, what = "bad" if alert.condition.is_severe else "warn", name_alert(alert.topic, alert.condition, tr)
    since = tr("alert.page_since", since=fmt.moment(alert.since))
    return f'<li data-tone="{tone}"><b>{escape(what[:1].upper() + what[1:])}</b><span>{escape(since)}</span></li>'
