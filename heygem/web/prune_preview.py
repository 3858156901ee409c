"""The dry run on the page: what the next cleaning would do with which video, and why."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final

import gradio as gr

from heygem.config.strings import Translator
from heygem.library.retention import PlannedStep, StepAction
from heygem.web import format as fmt
from heygem.web.cards import mark
from heygem.web.history_cards import title_of
from heygem.web.labels import Labels
from heygem.web.session import QUIET, BrowserSession

SHOWN: Final = 100
TONES: Final = {
    StepAction.ARCHIVE: "good",
    StepAction.RELEASE: "good",
    StepAction.TRASH: "warn",
    StepAction.PURGE: "bad",
}


class PrunePreview:
    """Planned when it is opened, and not before: it may look at many videos."""

    def __init__(
        self, plan: Callable[[datetime], Sequence[PlannedStep]], labels: Labels, session: BrowserSession
    ) -> None:
        self._plan = plan
        self._labels = labels
        self._session = session

    def render(self) -> None:
        self.box = self._labels.make(gr.Accordion, {"label": "dry_run.title"}, open=False, elem_id="prune-preview")
        with self.box:
            self.table = gr.HTML(elem_id="prune-plan", apply_default_css=False)

    def wire(self) -> None:
        self.box.expand(self.view, self._session.language, self.table, **QUIET)

    def view(self, language: str) -> str:
        return plan_table(self._plan(datetime.now(UTC)), self._session.translator(language))


def plan_table(steps: Sequence[PlannedStep], tr: Translator) -> str:
    """Of the steps that do anything, the first SHOWN, and how many there are of each kind."""
    leaving = [step for step in steps if step.action is not StepAction.KEEP]
    if not leaving:
        return f'<p class="hg-empty">{escape(tr("dry_run.nothing"))}</p>'
    rows = "".join(_row(step, tr) for step in leaving[:SHOWN])
    more = len(leaving) - SHOWN
    rest = f'<p class="hg-empty">{escape(tr("dry_run.more", count=more))}</p>' if more > 0 else ""
    return f'<p class="hg-small">{escape(_sum(leaving, tr))}</p><ul class="hg-plan-rows">{rows}</ul>{rest}'


def _sum(steps: Sequence[PlannedStep], tr: Translator) -> str:
    told = []
    for action in TONES:
        chosen = [step for step in steps if step.action is action]
        if chosen:
            size = fmt.size(sum(step.record.size_bytes for step in chosen))
            told.append(tr("dry_run.sum", action=tr(f"prune.{action}"), count=len(chosen), size=size))
    return tr("fact.comma").join(told)


def _row(step: PlannedStep, tr: Translator) -> str:
    record = step.record
    since = fmt.moment(step.due_at) if step.due_at else ""
    why = tr(f"prune.{step.reason}", since=since)
    return (
        f"<li>{mark(TONES[step.action], tr(f'prune.{step.action}'))}"
        f'<span class="hg-item-name" title="{escape(record.path.name)}">{escape(title_of(record))}</span>'
        f'<span class="hg-small">{escape(fmt.size(record.size_bytes))} · {escape(why)}</span></li>'
    )
