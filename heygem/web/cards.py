"""A job's state as HTML: waiting, running, finished, failed. Pure; names and sentences of users are escaped here."""

from collections.abc import Callable, Iterable
from html import escape
from typing import TypeAlias

from heygem.config.strings import Translator
from heygem.domain.errors import CancelledError, HeyGemError
from heygem.domain.job import JobState, JobStatus, LipSyncResult
from heygem.domain.library import OutputState
from heygem.web import format as fmt
from heygem.web.finished import FinishedVideo

FindVideo: TypeAlias = Callable[[JobStatus], FinishedVideo]


def job_card(status: JobStatus | None, tr: Translator, find_video: FindVideo) -> str:
    """The card below the buttons; empty when there is no job."""
    if status is None:
        return ""
    if status.state is JobState.SUCCEEDED and status.result is not None:
        return result_card(status, status.result, find_video(status), tr)
    if status.error is not None:
        return error_card(status.error, tr)
    return progress_card(status, tr)


def progress_card(status: JobStatus, tr: Translator) -> str:
    share = fmt.percent(status.progress)
    line = waiting_line(status, tr) if status.state is JobState.QUEUED else fmt.stage_line(status.progress, tr)
    return (
        f'<section class="hg-card hg-progress" data-state="{status.state}">'
        f'<div class="hg-row">{badge(status.state, tr)}{_names(status)}<b class="hg-percent">{share}%</b></div>'
        f"{bar(share, tr)}"
        f'<div class="hg-row hg-small"><span class="hg-stage">{escape(line)}</span>'
        f'<span class="hg-eta">{escape(fmt.eta_line(status.progress, tr))}</span></div>'
        f"{warning_lines(status.preflight.warnings if status.preflight else (), tr)}</section>"
    )


def waiting_line(status: JobStatus, tr: Translator) -> str:
    return tr("page.ahead", count=status.ahead) if status.ahead or status.preflight else tr("draft.looking")


def result_card(status: JobStatus, result: LipSyncResult, video: FinishedVideo, tr: Translator) -> str:
    if not video.url:
        return notice_card("warning", missing_text(result.path.name, video.state, tr), tr("state.succeeded"))
    url = escape(video.url)
    facts = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in fmt.result_facts(result, video.size_bytes, tr)
    )
    return (
        f'<section class="hg-card hg-result" data-state="{status.state}">'
        f'<div class="hg-row">{badge(status.state, tr)}{_names(status)}</div>'
        f'<div class="hg-result-body"><video class="hg-video" src="{url}" controls playsinline preload="metadata">'
        f'</video><div class="hg-side"><dl class="hg-facts">{facts}</dl>'
        f"{quality_marks(status, tr)}{archive_mark(video, tr)}"
        f'<p class="hg-file" title="{escape(str(result.path))}">{escape(result.path.name)}</p>'
        f'<a class="hg-download" href="{url}" download="{escape(result.path.name)}">{escape(tr("page.download"))}</a>'
        f"</div></div></section>"
    )


def missing_text(name: str, state: OutputState, tr: Translator) -> str:
    """Of a finished video that cannot be shown."""
    return tr("page.result_trashed" if state is OutputState.TRASHED else "page.result_gone", name=name)


def archive_mark(video: FinishedVideo, tr: Translator) -> str:
    return mark("wait", tr("history.archive_only")) if video.state is OutputState.ARCHIVED else ""


def error_card(error: HeyGemError, tr: Translator) -> str:
    if isinstance(error, CancelledError):
        return notice_card("quiet", tr(f"error.{error.code}"))
    return notice_card("error", tr.explain(error), tr("state.failed"))


def refusal_card(error: HeyGemError, tr: Translator) -> str:
    """Above a start button that could not start."""
    return notice_card("warning", tr(f"error.{error.code}", **error.context), tr("page.not_started"))


def notice_card(tone: str, text: str, title: str = "") -> str:
    """`tone`: error, warning or quiet."""
    head = f"<b>{escape(title)}</b>" if title else ""
    return f'<section class="hg-card hg-notice" data-tone="{tone}" role="alert">{head}<p>{escape(text)}</p></section>'


def badge(state: JobState, tr: Translator) -> str:
    return f'<span class="hg-badge" data-state="{state}">{escape(tr(f"state.{state}"))}</span>'


def mark(tone: str, text: str, more: str = "") -> str:
    """`tone`: good, warn, bad or wait. `more` is said where it is pointed at."""
    title = f' title="{escape(more)}"' if more else ""
    return f'<span class="hg-mark" data-tone="{tone}"{title}>{escape(text)}</span>'


def warning_lines(keys: Iterable[str], tr: Translator) -> str:
    """What is worth knowing of a job or file that works all the same: keys of [warning]."""
    return "".join(f'<p class="hg-warning">{escape(tr(f"warning.{key}"))}</p>' for key in keys)


def quality_marks(status: JobStatus, tr: Translator) -> str:
    """What was found wrong with a finished video."""
    keys = status.quality.problems if status.quality else ()
    return "".join(mark("warn", tr(f"quality.{key}")) for key in keys)


def bar(share: float, tr: Translator) -> str:
    """`share` in percent."""
    return (
        f'<div class="hg-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{int(share)}" '
        f'aria-label="{escape(tr("page.progress"))}"><i style="width:{share:.1f}%"></i></div>'
    )


def _names(status: JobStatus) -> str:
    request = status.request
    text = escape(f"{request.person.name} + {request.voice.name}")
    return f'<span class="hg-names" title="{text}">{text}</span>'
