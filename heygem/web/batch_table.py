"""The list of a batch before it starts, as rows of HTML: voices first, then people. Pure; users' words are escaped."""

import base64
from collections.abc import Sequence
from html import escape

from heygem.config.strings import Translator
from heygem.domain.inspection import Inspection, MediaKind
from heygem.domain.job import FaceChoice
from heygem.domain.queue import DraftItem
from heygem.jobs.batch_plan import list_pairs
from heygem.web import format as fmt
from heygem.web.cards import mark, warning_lines
from heygem.web.item_list import Row


def draft_rows(items: Sequence[DraftItem], tr: Translator) -> list[Row]:
    """A heading and its rows for each kind of file that is there."""
    rows: list[Row] = []
    for kind in (MediaKind.VOICE, MediaKind.PERSON):
        chosen = [item for item in items if item.kind is kind]
        if chosen:
            title = escape(tr(f"draft.{kind}s", count=len(chosen)))
            rows.append(Row(str(kind), f'<h3 class="hg-list-title">{title}</h3>', "title"))
            rows.extend(Row(item.item_id, draft_row(item, tr), "draft") for item in chosen)
    return rows


def draft_row(item: DraftItem, tr: Translator) -> str:
    name = escape(item.path.name)
    problem = f'<p class="hg-problem">{escape(tr.explain(item.error))}</p>' if item.error else ""
    return (
        f'<input type="checkbox" data-check aria-label="{escape(tr("draft.check", name=item.path.name))}">'
        f"{thumbnail(item.inspection, item.kind)}"
        f'<div class="hg-item-body"><div class="hg-item-line"><button type="button" class="hg-item-name" '
        f'data-action="pick" title="{name}">{name}</button>{draft_mark(item, tr)}</div>'
        f'<div class="hg-item-facts">{facts_line(item, tr)}</div>{_warnings(item, tr)}{problem}</div>'
    )


def draft_mark(item: DraftItem, tr: Translator) -> str:
    if item.error is not None:
        return mark("bad", tr("draft.unusable"))
    if item.inspection is None:
        return mark("wait", tr("draft.looking"))
    return mark("warn", tr("draft.doubtful")) if item.inspection.warnings else mark("good", tr("draft.usable"))


def facts_line(item: DraftItem, tr: Translator) -> str:
    """Length, size and faces; and what a table of the user's says of the row."""
    facts = fmt.inspection_line(item.inspection, tr) if item.inspection else []
    told = [("draft.own_voice", item.voice.name if item.voice else ""), ("draft.own_name", item.name)]
    told += [
        ("draft.own_project", item.project),
        ("draft.own_face", "" if item.face == FaceChoice() else str(item.face)),
    ]
    texts = facts + [tr(key, value=value) for key, value in told if value]
    return "".join(f"<span>{escape(text)}</span>" for text in texts)


def draft_head(items: Sequence[DraftItem], tr: Translator) -> str:
    """Above the list: choose all, remove the chosen, remove everything."""
    is_off = "" if items else " disabled"
    return (
        f'<label class="hg-check-all"><input type="checkbox" data-check-all>{escape(tr("draft.check_all"))}</label>'
        f'<button type="button" class="hg-tool" data-action="remove-checked" data-needs-checked disabled>'
        f"{escape(tr('draft.remove_checked'))}</button>"
        f'<button type="button" class="hg-tool" data-action="clear" data-ask="{escape(tr("draft.clear_ask"))}"{is_off}>'
        f"{escape(tr('draft.clear'))}</button>"
    )


def plan_line(items: Sequence[DraftItem], tr: Translator) -> str:
    """How many videos the list makes; empty while a voice or a person is missing."""
    total, unusable = sum(1 for _ in list_pairs(items)), sum(item.error is not None for item in items)
    if not total:
        return ""
    text = tr("draft.plan", count=total)
    text = tr("draft.plan_unusable", plan=text, count=unusable) if unusable else text
    return f'<p class="hg-plan">{escape(text)}</p>'


def preview_card(item: DraftItem | None, tr: Translator, url: str) -> str:
    """The chosen file, as far as a browser can play it, and all that is known of it; `url` is where the file is."""
    if item is None:
        return f'<section class="hg-card hg-preview"><p class="hg-empty">{escape(tr("draft.no_choice"))}</p></section>'
    rows = fmt.inspection_facts(item.inspection, tr) if item.inspection else []
    facts = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in rows)
    problem = f'<p class="hg-problem">{escape(tr.explain(item.error))}</p>' if item.error else ""
    return (
        f'<section class="hg-card hg-preview"><b class="hg-preview-name">{escape(item.path.name)}</b>'
        f"{_player(item, tr, escape(url))}<dl class='hg-facts'>{facts}</dl>"
        f"{_warnings(item, tr)}{problem}</section>"
    )


def _player(item: DraftItem, tr: Translator, url: str) -> str:
    if item.kind is MediaKind.VOICE:
        return f'<audio data-part="{item.item_id}" src="{url}" controls preload="metadata"></audio>'
    still = thumbnail_url(item.inspection)
    if item.inspection is not None and item.inspection.is_photo:
        return f'<img data-part="{item.item_id}" class="hg-video" src="{url}" alt="">'
    return (
        f'<video data-part="{item.item_id}" class="hg-video" src="{url}" poster="{still}" controls playsinline '
        f'preload="metadata" data-unplayable="{escape(tr("drop.unplayable"))}"></video>'
    )


def _warnings(item: DraftItem, tr: Translator) -> str:
    return warning_lines(item.inspection.warnings if item.inspection else (), tr)


def thumbnail(inspection: Inspection | None, kind: MediaKind) -> str:
    url = thumbnail_url(inspection)
    picture = f'<img src="{url}" alt="">' if url else ""
    return f'<span class="hg-thumb" data-kind="{kind}" aria-hidden="true">{picture}</span>'


def thumbnail_url(inspection: Inspection | None) -> str:
    if inspection is None or not inspection.thumbnail:
        return ""
    return "data:image/jpeg;base64," + base64.b64encode(inspection.thumbnail).decode("ascii")
