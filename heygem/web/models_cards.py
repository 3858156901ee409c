"""Models as rows of HTML: how each stands, how its download goes, what can be done. Pure."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from heygem.config.strings import Translator
from heygem.domain.models import ModelProgress, ModelState, TransferPhase
from heygem.downloads.import_task import ImportView
from heygem.downloads.model_view import ModelsSnapshot, ModelView
from heygem.web import format as fmt
from heygem.web.cards import bar, mark
from heygem.web.item_list import Row
from heygem.web.list_buttons import icon_tool, text_tool

TONES: Final[Mapping[ModelState, str]] = {
    ModelState.INSTALLED: "good",
    ModelState.OUTDATED: "warn",
    ModelState.PARTIAL: "warn",
    ModelState.UNVERIFIED: "warn",
    ModelState.DAMAGED: "bad",
    ModelState.MISSING: "wait",
}
MOST_SOURCES: Final = 3


def model_rows(snapshot: ModelsSnapshot, importing: ImportView, shipped_bytes: int, tr: Translator) -> list[Row]:
    """`shipped_bytes` are the weights that come with the product."""
    rows = [model_row(view, tr) for view in snapshot.models]
    return [*import_rows(importing, tr), shipped_row(shipped_bytes, tr), *rows]


def shipped_row(size_bytes: int, tr: Translator) -> Row:
    facts = _fact_line([escape(fmt.size(size_bytes)), escape(tr("models.shipped_hint"))])
    return _row("shipped", tr("models.shipped"), mark("good", tr("model_state.installed")), facts)


def models_head(snapshot: ModelsSnapshot, tr: Translator) -> str:
    told = tr("models.used", used=fmt.size(snapshot.used_bytes), free=fmt.size(snapshot.free_bytes))
    return f'<span class="hg-small">{escape(told)}</span>'


def model_row(view: ModelView, tr: Translator) -> Row:
    more = f"{_fact_line(_facts(view, tr))}{_notice(view, tr)}{_progress(view, tr)}{_problem(view, tr)}"
    return _row(view.entry.name, title_of(view, tr), _badge(view, tr), more, _tools(view, tr))


def import_rows(importing: ImportView, tr: Translator) -> list[Row]:
    """What is being brought by hand, and what came of it."""
    rows = []
    if importing.name:
        lines = progress_lines(importing.progress, tr) if importing.progress else ""
        cancel = icon_tool("cancel", tr("models.cancel"), action="import-cancel")
        rows.append(_told_row("importing", tr("models.importing", name=importing.name), lines, cancel))
    if importing.imported or importing.error is not None:
        names = tr("fact.comma").join(dict.fromkeys(file.path for file in importing.imported))
        told = tr("models.imported", names=names) if names else ""
        problem = importing.error and f'<p class="hg-problem">{escape(tr.explain(importing.error))}</p>'
        close = icon_tool("cancel", tr("models.close"), action="import-close")
        rows.append(_told_row("imported", told, problem or "", close))
    return rows


def _told_row(key: str, said: str, more: str, tool: str) -> Row:
    text = f'<span class="hg-told">{escape(said)}</span>' if said else ""
    return Row(key, f'<div class="hg-item-body">{text}{more}</div><div class="hg-tools">{tool}</div>', "told")


def notice_rows(snapshot: ModelsSnapshot, is_later: bool, tr: Translator) -> list[Row]:
    """What stands above every other tab: downloads that are not over, or that there is something to download."""
    moving = [view for view in snapshot.models if view.progress is not None and (view.is_under_way or _is_halted(view))]
    if moving:
        return [_moving_row(view, view.progress, tr) for view in moving if view.progress is not None]
    told = missing_text(snapshot, tr)
    if is_later or not told:
        return []
    tools = text_tool("look", tr("models.look")) + text_tool("later", tr("models.later"))
    return [Row("notice", f'<span class="hg-told">{escape(told)}</span><div class="hg-tools">{tools}</div>', "told")]


def missing_text(snapshot: ModelsSnapshot, tr: Translator) -> str:
    """What could be downloaded; "" for nothing."""
    if not (count := len(snapshot.missing)):
        return ""
    return tr("models.notice", count=count, size=fmt.size(snapshot.missing_bytes))


def _moving_row(view: ModelView, progress: ModelProgress, tr: Translator) -> Row:
    key = ("pause", "models.pause") if view.is_under_way else ("fetch", "models.resume")
    tools = text_tool(key[0], tr(key[1])) + text_tool("look", tr("page.models"))
    return _row(view.entry.name, title_of(view, tr), _badge(view, tr), progress_lines(progress, tr), tools)


def _row(key: str, name: str, badge: str, more: str, tools: str = "") -> Row:
    """`name` is text, what follows HTML."""
    name, end = escape(name), f'<div class="hg-tools">{tools}</div>' if tools else ""
    html = (
        f'<div class="hg-item-body"><div class="hg-item-line"><b class="hg-item-name" title="{name}">{name}</b>'
        f"{badge}</div>{more}</div>{end}"
    )
    return Row(key, html, "model")


def _fact_line(facts: Iterable[str]) -> str:
    """Of HTML."""
    return f'<div class="hg-item-facts">{"".join(f"<span>{fact}</span>" for fact in facts)}</div>'


def _is_halted(view: ModelView) -> bool:
    return view.phase in (TransferPhase.PAUSED, TransferPhase.FAILED)


def progress_lines(progress: ModelProgress, tr: Translator) -> str:
    """A bar, and below it what has come, how fast, from where, and when it will be done."""
    parts = [f"{fmt.size(progress.done_bytes)} / {fmt.size(progress.total_bytes)}"]
    if progress.speed > 0:
        parts.append(f"{fmt.size(round(progress.speed))}/s")
    if progress.eta_s is not None:
        parts.append(fmt.eta_text(progress.eta_s, tr))
    facts = "".join(f"<span>{escape(part)}</span>" for part in [*parts, *_sources(progress, tr)])
    line = f'<div class="hg-item-facts"><b>{fmt.share(progress.share)}</b>{facts}</div>'
    return bar(100 * progress.share, tr) + line


def title_of(view: ModelView, tr: Translator) -> str:
    titles = view.entry.title
    return titles.get(tr.language) or next(iter(titles.values()), view.entry.name)


def _sources(progress: ModelProgress, tr: Translator) -> list[str]:
    at_work = progress.sources_at_work[:MOST_SOURCES]
    return [tr("models.source", host=one.name, count=one.connections) for one in at_work]


def _badge(view: ModelView, tr: Translator) -> str:
    if view.is_under_way or _is_halted(view):
        tone = "bad" if view.phase is TransferPhase.FAILED else "wait"
        return mark(tone, tr("models.interrupted") if view.is_interrupted else tr(f"transfer.{view.phase}"))
    return mark(TONES[view.state], tr(f"model_state.{view.state}"))


def _facts(view: ModelView, tr: Translator) -> list[str]:
    """As HTML."""
    entry, status = view.entry, view.status
    licence = escape(entry.licence.name)
    if entry.licence.url:
        licence = f'<a href="{escape(entry.licence.url)}" target="_blank" rel="noreferrer">{licence}</a>'
    facts = [escape(fmt.size(entry.size_bytes)), tr("models.licence", licence="\0").replace("\0", licence)]
    version = status.version or entry.version
    facts.append(escape(tr("models.version", version=version)))
    if status.state is ModelState.OUTDATED:
        key = "models.must_update" if status.must_update else "models.newer"
        facts.append(escape(tr(key, version=entry.version)))
    return facts


def _notice(view: ModelView, tr: Translator) -> str:
    """What must be agreed to, as long as it has not been."""
    notice = view.entry.licence.notice
    if not view.needs_licence or not notice or view.state is ModelState.INSTALLED:
        return ""
    return f'<p class="hg-warning">{escape(notice.get(tr.language) or next(iter(notice.values())))}</p>'


def _progress(view: ModelView, tr: Translator) -> str:
    is_open = view.is_under_way or _is_halted(view)
    return progress_lines(view.progress, tr) if view.progress is not None and is_open else ""


def _problem(view: ModelView, tr: Translator) -> str:
    if view.phase is not TransferPhase.FAILED or view.error is None:
        return ""
    return f'<p class="hg-problem">{escape(tr.explain(view.error))}</p>'


def _tools(view: ModelView, tr: Translator) -> str:
    if view.is_under_way:
        return text_tool("pause", tr("models.pause")) + icon_tool("cancel", tr("models.cancel"))
    remove_ask = f' data-ask="{escape(tr("models.remove_ask", name=view.entry.name))}"'
    remove = icon_tool("trash", tr("models.remove"), action="remove", more=remove_ask)
    if _is_halted(view):
        again = text_tool("fetch", tr("models.resume" if view.phase is TransferPhase.PAUSED else "models.retry"))
        return again + icon_tool("cancel", tr("models.cancel"))
    match view.state:
        case ModelState.INSTALLED:
            return text_tool("verify", tr("models.verify")) + remove
        case ModelState.OUTDATED:
            return _fetch(view, "models.update", tr) + remove
        case ModelState.DAMAGED:
            return _fetch(view, "models.repair", tr, "repair") + remove
        case ModelState.UNVERIFIED:
            return text_tool("verify", tr("models.verify")) + remove
        case ModelState.PARTIAL:
            return _fetch(view, "models.resume", tr) + remove
    return _fetch(view, "models.fetch", tr)


def _fetch(view: ModelView, key: str, tr: Translator, action: str = "fetch") -> str:
    """Where a licence must be agreed to, the button says so, above which it stands."""
    text, action = (tr("models.agree"), "fetch") if view.needs_licence else (tr(key), action)
    return f'<button type="button" class="hg-tool hg-main" data-action="{action}">{escape(text)}</button>'
