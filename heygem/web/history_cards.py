"""Finished videos as rows of HTML: cards, what is above them, their pages. Pure; users' words are escaped here."""

from collections.abc import Sequence
from datetime import datetime
from html import escape

from heygem.config.strings import Translator
from heygem.domain.library import OutputKind, OutputRecord, OutputState
from heygem.web import format as fmt
from heygem.web.cards import bar, mark
from heygem.web.history_prospect import Prospect, archived_mark, due_mark
from heygem.web.history_query import Filters, Paging
from heygem.web.item_list import Row
from heygem.web.list_buttons import icon_tool, text_tool


def output_row(record: OutputRecord, is_all: bool, prospect: Prospect, now: datetime, tr: Translator) -> Row:
    """A card. Where `is_all`, everything that matches is chosen and the box only says so."""
    name = escape(title_of(record))
    box = "checked disabled" if is_all else "data-check"
    html = (
        f'<label class="hg-pick"><input type="checkbox" {box} aria-label="{escape(tr("draft.check", name=""))}{name}">'
        f'</label><span class="hg-cover" aria-hidden="true">{cover(record)}'
        f'<i class="hg-length">{escape(fmt.clock(record.duration_s))}</i></span>'
        f'<div class="hg-item-body"><button type="button" class="hg-item-name" data-action="pick" title="{name}">'
        f"{name}</button>{_facts(card_facts(record))}"
        f'<div class="hg-marks">{kind_mark(record.kind, tr)}{archived_mark(record, tr)}'
        f"{due_mark(record, prospect, now, tr)}{_problem_mark(record, tr)}</div>{coming_bar(prospect, tr)}</div>"
        f'<span class="hg-tools">{_tools(record, prospect, tr)}</span>'
    )
    return Row(record.output_id, html, "output")


def pager_row(paging: Paging, tr: Translator) -> Row:
    here = tr("history.page", page=paging.page + 1, pages=paging.pages)
    html = (
        f"{text_tool('previous', tr('history.previous'), is_on=paging.page > 0)}"
        f'<span class="hg-counted">{escape(here)}</span>'
        f"{text_tool('next', tr('history.next'), is_on=paging.page + 1 < paging.pages)}"
    )
    return Row("pager", html, "pager")


def empty_row(text: str) -> Row:
    return Row("none", f'<p class="hg-empty">{escape(text)}</p>', "more")


def told_row(text: str, undo: str = "") -> Row:
    """What has just been done, and a button that undoes it where `undo` says so."""
    button = text_tool("undo", undo) if undo else ""
    dismiss = f'<span class="hg-tools">{button}{text_tool("dismiss", "×")}</span>'
    return Row("told", f'<span class="hg-told" role="status">{escape(text)}</span>{dismiss}', "told")


def history_head(paging: Paging, filters: Filters, is_all: bool, tr: Translator) -> str:
    """Above the cards: what is chosen, and what can be done with it."""
    counted = tr("history.found", count=paging.total, size=fmt.size(paging.total_bytes))
    if not paging.total:
        return f'<span class="hg-counted">{escape(counted)}</span>'
    if is_all:
        choice = (
            f'<b class="hg-chosen">{escape(tr("history.all_chosen", count=paging.total))}</b>'
            f"{text_tool('choose-none', tr('history.choose_none'))}"
        )
    else:
        choice = (
            f'<label class="hg-check-all"><input type="checkbox" data-check-all>'
            f"{escape(tr('history.page_all'))}</label>"
            f'<span class="hg-chosen" data-checked-count="{escape(tr("history.chosen", count="#"))}"></span>'
        )
        if paging.pages > 1:
            choice += text_tool("choose-all", tr("history.choose_all", count=paging.total))
    return (
        f'<div class="hg-choice">{choice}<span class="hg-counted">{escape(counted)}</span></div>'
        f'<span class="hg-tools">{_bulk_tools(filters, is_all, tr)}</span>'
    )


def title_of(record: OutputRecord) -> str:
    return record.title or record.path.stem


def kind_mark(kind: OutputKind, tr: Translator) -> str:
    return f'<span class="hg-mark hg-kind" data-kind="{kind}">{escape(tr(f"kind.{kind}"))}</span>'


def card_facts(record: OutputRecord) -> list[str]:
    texts = [fmt.size(record.size_bytes)]
    if record.created_at is not None:
        texts.insert(0, fmt.moment(record.created_at))
    return [*texts, record.project] if record.project else texts


def coming_bar(prospect: Prospect, tr: Translator) -> str:
    """How far it is on its way back from the archive."""
    if prospect.fetching is None or not prospect.is_coming:
        return ""
    return bar(100 * prospect.fetching.share, tr)


def _problem_mark(record: OutputRecord, tr: Translator) -> str:
    texts = [tr(f"quality.{problem}") for problem in record.problems]
    if not texts:
        return ""
    return mark("warn", tr("draft.doubtful"), "\n".join(texts))


def cover(record: OutputRecord) -> str:
    has_picture = record.width > 0 and record.state not in (OutputState.MISSING, OutputState.REMOVED)
    if not has_picture:
        return ""
    picture = f"media/{record.output_id}"
    sheet = f"background-image:url({picture}.sheet.jpg)"  # asked for only once it is shown, when hovered over
    return f'<img src="{picture}.jpg" alt="" loading="lazy"><i class="hg-sheet" style="{sheet}"></i>'


def _tools(record: OutputRecord, prospect: Prospect, tr: Translator) -> str:
    match record.state:
        case OutputState.PRESENT:
            is_pinned = record.kind is OutputKind.PINNED
            pin = icon_tool("pin", tr("history.unpin" if is_pinned else "history.pin"), is_pressed=is_pinned)
            remove = icon_tool("trash", tr("history.trash"), more=" data-forget")
            return f"{_download_tool(record, tr)}{pin}{remove}"
        case OutputState.TRASHED:
            restore = icon_tool("retry", tr("history.restore"), action="restore", more=" data-forget")
            return restore + icon_tool("trash", tr("history.purge"), action="purge", more=purge_ask(record, tr))
        case OutputState.ARCHIVED if prospect.is_coming:
            return icon_tool("cancel", tr("history.fetch_cancel"), action="unfetch")
        case OutputState.ARCHIVED:
            fetch = icon_tool("fetch", tr("history.fetch"), more=" data-forget")
            remove = icon_tool("trash", tr("history.unarchive"), action="unarchive", more=unarchive_ask(tr))
            return f"{_download_tool(record, tr)}{fetch}{remove}"
        case OutputState.MISSING:
            return icon_tool("trash", tr("history.forget"), action="purge", more=" data-forget")
    return ""


def _download_tool(record: OutputRecord, tr: Translator) -> str:
    said = escape(tr("history.download"))
    return (
        f'<a class="hg-tool hg-icon" data-icon="download" href="media/{record.output_id}.mp4" '
        f'download="{escape(record.path.name)}" title="{said}" aria-label="{said}"></a>'
    )


def _bulk_tools(filters: Filters, is_all: bool, tr: Translator) -> str:
    needs = "" if is_all else " data-needs-checked"
    whole, state = "all" if is_all else "checked", filters.shelf.state
    if state is OutputState.TRASHED:
        ask = escape(tr("history.purge_many_ask"))
        restore = text_tool(f"restore-{whole}", tr("history.restore_many"), more=f"{needs} data-forget")
        purge = text_tool(f"purge-{whole}", tr("history.purge_many"), more=f'{needs} data-forget data-ask="{ask}"')
        return restore + purge
    if state is OutputState.MISSING:
        return text_tool(f"purge-{whole}", tr("history.forget_many"), more=f"{needs} data-forget")
    if state is OutputState.ARCHIVED:
        fetch = text_tool(f"fetch-{whole}", tr("history.fetch_many"), more=f"{needs} data-forget")
        remove = text_tool(f"unarchive-{whole}", tr("history.unarchive_many"), more=f"{needs}{unarchive_ask(tr)}")
        return f"{_zip_tool(filters, is_all, tr)}{fetch}{remove}"
    options = "".join(f'<option value="{kind}">{escape(tr(f"kind.{kind}"))}</option>' for kind in OutputKind)
    return (
        f'<select class="hg-tool" data-submit="kind-{whole}" aria-label="{escape(tr("history.set_kind"))}"{needs}>'
        f'<option value="">{escape(tr("history.set_kind"))}</option>{options}</select>'
        f"{_zip_tool(filters, is_all, tr)}"
        f"{text_tool(f'trash-{whole}', tr('history.trash_many'), more=f'{needs} data-forget')}"
    )


def _zip_tool(filters: Filters, is_all: bool, tr: Translator) -> str:
    if is_all:
        url = f"media/matching.zip?{escape(filters.to_url())}"
        return f'<a class="hg-tool" href="{url}" download>{escape(tr("history.zip"))}</a>'
    return text_tool("zip", tr("history.zip"), more=' data-post="media/chosen.zip" data-needs-checked')


def purge_ask(record: OutputRecord, tr: Translator) -> str:
    key = "history.purge_ask" if record.archived_at is None else "history.purge_kept_ask"
    return f' data-forget data-ask="{escape(tr(key, size=fmt.size(record.size_bytes)))}"'


def unarchive_ask(tr: Translator) -> str:
    return f' data-forget data-ask="{escape(tr("history.unarchive_ask"))}"'


def _facts(texts: Sequence[str]) -> str:
    return f'<div class="hg-item-facts">{"".join(f"<span>{escape(text)}</span>" for text in texts)}</div>'
