"""Alerts in words: a title, the figures, what to do, and since when. Pure."""

from datetime import datetime, timedelta
from typing import Final

from heygem.config.strings import Translator
from heygem.maintenance.alerts.conditions import Condition, subject_of
from heygem.maintenance.alerts.outbox import Message
from heygem.maintenance.alerts.standing import Letter, LetterKind

NAMED: Final = (Condition.TASK_FAILED, Condition.WORKER_DOWN, Condition.WORKER_DYING)  # with whom it concerns
LONG: Final = timedelta(hours=2)


def put_in_words(letter: Letter, host: str, tr: Translator) -> Message:
    what, since = name_alert(letter.topic, letter.condition, tr), moment(letter.since)
    if letter.kind is LetterKind.CLEARED:
        title = tr("alert.cleared_title", host=host, what=what)
        body = tr("alert.cleared", since=since, span=_span(letter.at - letter.since, tr))
    else:
        title = tr("alert.title", host=host, what=what)
        told = tr(f"alert.{letter.condition}_text", subject=subject_of(letter.topic), **letter.facts)
        body = f"{told}\n{tr('alert.since', since=since)}"
    return Message(letter.topic, letter.kind, letter.condition, title, body, letter.at)


def name_alert(topic: str, condition: Condition, tr: Translator) -> str:
    """`Housekeeping failed: sweep`."""
    name = tr(f"alert.{condition}")
    return tr("alert.named", what=name, subject=subject_of(topic)) if condition in NAMED else name


def moment(when: datetime) -> str:
    """In this machine's time."""
    return when.astimezone().strftime("%Y-%m-%d %H:%M")


def _span(span: timedelta, tr: Translator) -> str:
    if span >= LONG:
        return tr("alert.hours", count=f"{span / timedelta(hours=1):.1f}")
    return tr("alert.minutes", count=max(1, round(span / timedelta(minutes=1))))
