"""The finished video that is looked at, as a row of HTML: a player, what is known, what can be done. Pure."""

from datetime import datetime
from html import escape
from typing import Final

from heygem.config.strings import Translator
from heygem.domain.library import OutputKind, OutputRecord, OutputState
from heygem.web import format as fmt
from heygem.web.cards import mark
from heygem.web.history_cards import coming_bar, cover, purge_ask, title_of, unarchive_ask
from heygem.web.history_prospect import Prospect, due_text, is_playable
from heygem.web.item_list import Row
from heygem.web.list_buttons import icon_tool, text_tool

PREFIX: Final = "panel-"  # before the video's id, in the row's key


def panel_row(record: OutputRecord, prospect: Prospect, now: datetime, tr: Translator) -> Row:
    """The video that is looked at: a player, what is known, what can be done."""
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in panel_facts(record, prospect, now, tr)
    )
    problems = "".join(mark("warn", tr(f"quality.{problem}")) for problem in record.problems)
    html = (
        f'<div class="hg-panel" data-reveal>{_stage(record)}<div class="hg-side">'
        f'<div class="hg-row"><b class="hg-preview-name">{escape(title_of(record))}</b>'
        f"{icon_tool('cancel', tr('history.close'), action='close')}</div>"
        f'{_fields(record, tr)}<dl class="hg-facts">{facts}</dl><div class="hg-marks">{problems}</div>'
        f"{coming_bar(prospect, tr)}{_failure(prospect, tr)}"
        f'<div class="hg-panel-tools">{_panel_tools(record, prospect, tr)}</div></div></div>'
    )
    return Row(PREFIX + record.output_id, html, "panel")


def panel_facts(record: OutputRecord, prospect: Prospect, now: datetime, tr: Translator) -> list[tuple[str, str]]:
    facts = [
        (tr("fact.duration"), fmt.duration(record.duration_s, tr)),
        (tr("fact.picture"), f"{record.width}×{record.height}" if record.width else ""),
        (tr("fact.size"), fmt.size(record.size_bytes)),
        (tr("history.made"), fmt.moment(record.created_at) if record.created_at else ""),
        (tr("history.person"), record.person),
        (tr("history.voice"), record.voice),
        (tr("batch.project"), record.project),
        (tr("history.kept"), due_text(record, prospect, now, tr)),
        (tr("history.archived"), fmt.moment(record.archived_at) if record.archived_at else ""),
        (tr("history.file"), record.path.name),
    ]
    return [(name, value) for name, value in facts if value]


def _stage(record: OutputRecord) -> str:
    if not is_playable(record):
        return f'<span class="hg-cover">{cover(record)}</span>'
    return (
        f'<video class="hg-video" src="media/{record.output_id}.mp4" poster="media/{record.output_id}.jpg" '
        f'aria-label="{escape(title_of(record))}" controls autoplay playsinline></video>'
    )


def _fields(record: OutputRecord, tr: Translator) -> str:
    if not is_playable(record):
        return ""
    kinds = "".join(
        f'<button type="button" data-action="kind:{kind}" aria-pressed="{str(kind is record.kind).lower()}">'
        f"{escape(tr(f'kind.{kind}'))}</button>"
        for kind in OutputKind
    )
    return (
        f"{_field('rename', tr('history.title'), title_of(record))}"
        f"{_field('tags', tr('history.tags'), ' '.join(record.tags), tr('history.tags_hint'))}"
        f'<div class="hg-field"><span>{escape(tr("history.kind"))}</span><div class="hg-kinds">{kinds}</div></div>'
    )


def _field(action: str, label: str, value: str, hint: str = "") -> str:
    return (
        f'<label class="hg-field"><span>{escape(label)}</span><input type="text" data-submit="{action}" '
        f'value="{escape(value)}" placeholder="{escape(hint)}" maxlength="200" autocomplete="off"></label>'
    )


def _failure(prospect: Prospect, tr: Translator) -> str:
    error = prospect.fetching.error if prospect.fetching is not None else None
    return "" if error is None else f'<p class="hg-problem">{escape(tr.explain(error))}</p>'


def _panel_tools(record: OutputRecord, prospect: Prospect, tr: Translator) -> str:
    match record.state:
        case OutputState.PRESENT:
            trash = text_tool("trash", tr("history.trash"), more=" data-forget")
            return f"{_download(record, tr)}{trash}{_sidecar(record, tr)}"
        case OutputState.TRASHED:
            purge = text_tool("purge", tr("history.purge"), more=purge_ask(record, tr))
            return text_tool("restore", tr("history.restore"), more=" data-forget") + purge
        case OutputState.ARCHIVED if prospect.is_coming:
            return _download(record, tr) + text_tool("unfetch", tr("history.fetch_cancel")) + _sidecar(record, tr)
        case OutputState.ARCHIVED:
            fetch = text_tool("fetch", tr("history.fetch"), more=" data-forget")
            remove = text_tool("unarchive", tr("history.unarchive"), more=unarchive_ask(tr))
            return f"{_download(record, tr)}{fetch}{_sidecar(record, tr)}{remove}"
    return ""


def _download(record: OutputRecord, tr: Translator) -> str:
    name, said = escape(record.path.name), escape(tr("history.download"))
    return f'<a class="hg-download" href="media/{record.output_id}.mp4" download="{name}">{said}</a>'


def _sidecar(record: OutputRecord, tr: Translator) -> str:
    if not record.person:
        return ""
    said = escape(tr("history.sidecar"))
    return f'<a class="hg-tool" href="media/{record.output_id}.json" target="_blank">{said}</a>'
