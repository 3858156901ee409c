"""The log's entries as rows of HTML. Pure."""

from html import escape
from typing import Final

from heygem.config.strings import Translator
from heygem.maintenance.log_reader import LogEntry, LogPage
from heygem.web.cards import mark
from heygem.web.item_list import Row

TONES: Final = {"debug": "wait", "info": "wait", "warning": "warn", "error": "bad", "critical": "bad"}


def log_rows(page: LogPage, tr: Translator) -> list[Row]:
    """Newest first; the last row says how far back was searched, where that is not everything."""
    rows = [_entry_row(entry, tr) for entry in page.entries]
    if page.back_to is not None:
        told = tr("log.back_to", time=page.back_to.astimezone().strftime("%Y-%m-%d %H:%M:%S"))
        further = f'<button class="hg-tool" data-action="further">{escape(tr("log.further"))}</button>'
        rows.append(Row("further", f'<p class="hg-empty">{escape(told)} {further}</p>', "end"))
    return rows or [Row("none", f'<p class="hg-empty">{escape(tr("log.none"))}</p>', "end")]


def _entry_row(entry: LogEntry, tr: Translator) -> Row:
    first, _, rest = entry.text.partition("\n")
    at = entry.at.astimezone()
    who = " · ".join(part for part in (entry.logger.removeprefix("heygem."), entry.process) if part)
    more = f"<details><summary>{escape(tr('log.more'))}</summary><pre>{escape(rest)}</pre></details>" if rest else ""
    level = entry.level.lower()
    badge = mark(TONES[level], tr(f"level.{level}"))
    html = (
        f'<time datetime="{entry.at.isoformat()}" title="{at:%Y-%m-%d}">{at:%m-%d %H:%M:%S}</time>{badge}'
        f'<div class="hg-log-text"><span>{escape(first)}</span>{more}<small>{escape(who)}</small></div>'
    )
    return Row(entry.key, html, "log")
