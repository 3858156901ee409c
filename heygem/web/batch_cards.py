"""Batches that were started and their jobs, as rows of HTML. Pure; users' words are escaped here."""

from collections.abc import Sequence
from html import escape
from typing import Final

from heygem.config.strings import Translator
from heygem.domain.job import JobState, JobStatus
from heygem.domain.queue import BatchStatus
from heygem.web import format as fmt
from heygem.web.cards import archive_mark, badge, bar, missing_text, quality_marks, warning_lines
from heygem.web.finished import GONE, FinishedVideo
from heygem.web.item_list import Row
from heygem.web.list_buttons import icon_tool, text_tool

PAUSABLE: Final = frozenset({JobState.QUEUED, JobState.RUNNING})
RETRIABLE: Final = frozenset({JobState.FAILED, JobState.CANCELLED})


def batch_row(batch: BatchStatus, is_open: bool, is_own: bool, tr: Translator) -> Row:
    """The head of a batch: X of how many, the video that is being made, all its progress, what can be done."""
    share = 100 if batch.is_final else min(99, int(100 * batch.share))
    name, project = escape(batch.name or tr("batch.unnamed")), escape(batch.project)
    counted = escape(tr("batch.done", done=batch.ended, total=batch.total))
    html = (
        f'<div class="hg-row"><button type="button" class="hg-batch-name" data-action="toggle" '
        f'aria-expanded="{str(is_open).lower()}" title="{name}">{name}</button>'
        + (f'<span class="hg-project" title="{project}">{project}</span>' if project else "")
        + f'<span class="hg-counted">{counted}</span><b class="hg-percent">{share}%</b></div>'
        f"{bar(share, tr)}"
        f'<div class="hg-row hg-small"><span class="hg-current">{escape(_current_line(batch, tr))}</span>'
        f'<span class="hg-eta">{escape(fmt.eta_text(batch.eta_s, tr))}</span></div>'
        f'<div class="hg-row hg-batch-foot"><span class="hg-counts">{_count_marks(batch, tr)}</span>'
        f'<span class="hg-tools">{_batch_tools(batch, tr) if is_own else ""}</span></div>'
    )
    return Row(batch.batch_id, html, "batch")


def job_row(status: JobStatus, is_own: bool, tr: Translator, video: FinishedVideo = GONE) -> Row:
    """`video` is where that of a finished job is."""
    names = escape(f"{status.request.person.name} + {status.request.voice.name}")
    html = (
        f'<span class="hg-thumb" data-kind="person" aria-hidden="true">{_thumbnail(status)}</span>'
        f'<div class="hg-item-body"><div class="hg-item-line">'
        f'<span class="hg-item-name" title="{names}">{names}</span>{_job_badge(status, tr)}</div>'
        f'{_job_line(status, video, tr)}<div class="hg-stage-box" data-part="stage" data-kept></div></div>'
        f'<span class="hg-tools">{_job_tools(status, video.url, is_own, tr)}</span>'
    )
    return Row(status.job_id, html, "job")


def more_row(batch: BatchStatus, left: int, tr: Translator) -> Row:
    """Below the first jobs of a long batch."""
    text = escape(tr("batch.more", count=left))
    button = f'<button type="button" class="hg-tool" data-action="more:{batch.batch_id}">{text}</button>'
    return Row(f"more-{batch.batch_id}", button, "more")


def board_rows(blocks: Sequence[Sequence[Row]], tr: Translator) -> list[Row]:
    """All batches one below the other, or a sentence where there are none."""
    rows = [row for block in blocks for row in block]
    return rows or [Row("none", f'<p class="hg-empty">{escape(tr("batch.none"))}</p>', "more")]


def _thumbnail(status: JobStatus) -> str:
    """By an address of its own, since the browser keeps it; relative, so that it holds behind a proxy's sub-path."""
    is_known = status.preflight is not None
    return f'<img src="thumbnails/{status.job_id}.jpg" alt="" loading="lazy">' if is_known else ""


def _current_line(batch: BatchStatus, tr: Translator) -> str:
    if batch.current:
        return tr("batch.current", name=batch.current)
    if batch.is_final:
        return tr("batch.ended", when=fmt.moment(batch.created_at))
    key = "batch.paused" if not PAUSABLE & set(batch.counts) else "batch.waiting"
    return tr(key)


def _count_marks(batch: BatchStatus, tr: Translator) -> str:
    """How many jobs are in each state, in the states' own order."""
    return "".join(
        f'<span class="hg-count" data-state="{state}">{escape(tr(f"state.{state}"))} {batch.counts[state]}</span>'
        for state in JobState
        if batch.counts.get(state)
    )


def _batch_tools(batch: BatchStatus, tr: Translator) -> str:
    states = {state for state, count in batch.counts.items() if count}
    tools = []
    if states & PAUSABLE:
        tools.append(text_tool("pause-batch", tr("batch.pause")))
    if JobState.PAUSED in states:
        tools.append(text_tool("resume-batch", tr("batch.resume")))
    if states & RETRIABLE:
        tools.append(text_tool("retry-batch", tr("batch.retry")))
    if not batch.is_final:
        ask = f' data-ask="{escape(tr("batch.cancel_ask"))}"'
        tools.append(text_tool("cancel-batch", tr("batch.cancel"), ask))
    return "".join(tools)


def _job_badge(status: JobStatus, tr: Translator) -> str:
    if status.is_asked_to_stop:
        return f'<span class="hg-badge" data-state="paused">{escape(tr("job.stopping"))}</span>'
    return badge(status.state, tr)


def _job_line(status: JobStatus, video: FinishedVideo, tr: Translator) -> str:
    """One line below the names: how far, how long, or why not."""
    match status.state:
        case JobState.RUNNING:
            return _running_line(status, tr)
        case JobState.SUCCEEDED if status.result is not None and not video.url:
            return f'<p class="hg-warning">{escape(missing_text(status.result.path.name, video.state, tr))}</p>'
        case JobState.SUCCEEDED:
            return _facts(fmt.made_facts(status, tr)) + quality_marks(status, tr) + archive_mark(video, tr)
        case JobState.FAILED if status.error is not None:
            return f'<p class="hg-problem">{escape(tr.explain(status.error))}</p>'
        case JobState.CANCELLED | JobState.FAILED:
            return ""
    return _facts(fmt.waiting_facts(status, tr)) + warning_lines(
        status.preflight.warnings if status.preflight else (), tr
    )


def _running_line(status: JobStatus, tr: Translator) -> str:
    share = fmt.percent(status.progress)
    eta = escape(fmt.eta_line(status.progress, tr))
    return (
        f'<div class="hg-row hg-small"><span class="hg-stage">{escape(fmt.stage_line(status.progress, tr))}</span>'
        f'<span class="hg-eta">{eta}</span><span class="hg-percent-small">{share}%</span></div>{bar(share, tr)}'
    )


def _facts(texts: Sequence[str]) -> str:
    return f'<div class="hg-item-facts">{"".join(f"<span>{escape(text)}</span>" for text in texts)}</div>'


def _job_tools(status: JobStatus, url: str, is_own: bool, tr: Translator) -> str:
    state, tools = status.state, []
    if url and status.result is not None:
        address, name = escape(url), escape(status.result.path.name)
        tools.append(icon_tool("play", tr("job.play"), f' data-url="{address}"'))
        tools.append(
            f'<a class="hg-tool hg-icon" data-icon="download" href="{address}" download="{name}" '
            f'title="{escape(tr("page.download"))}" aria-label="{escape(tr("page.download"))}"></a>'
        )
    if not is_own or status.is_asked_to_stop:
        return "".join(tools)
    if state in (JobState.QUEUED, JobState.PAUSED):
        tools += [icon_tool("up", tr("job.up")), icon_tool("down", tr("job.down"))]
    if state in PAUSABLE:
        tools.append(icon_tool("pause", tr("job.pause")))
    if state is JobState.PAUSED:
        tools.append(icon_tool("resume", tr("job.resume")))
    if state in RETRIABLE:
        tools.append(icon_tool("retry", tr("job.retry")))
    if not state.is_final:
        tools.append(icon_tool("cancel", tr("page.cancel")))
    return "".join(tools)
