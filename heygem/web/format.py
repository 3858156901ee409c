"""What people read about a job, as plain text: sizes, durations, percent, facts. Pure, and knows no page."""

from datetime import datetime
from typing import Final

from heygem.config.strings import Translator
from heygem.domain.inspection import Inspection, MediaKind
from heygem.domain.job import JobState, JobStatus, LipSyncResult
from heygem.domain.progress import Progress, Stage

STRETCHES_SHOWN: Final = 6


def size(size_bytes: int) -> str:
    """`812 B`, `3.4 KB`, `12.0 MB`, with 1024 to the step."""
    if size_bytes < 1024:
        return f"{size_bytes} B"
    value = float(size_bytes)
    for unit in ("KB", "MB", "GB"):
        value /= 1024
        if value < 1024 or unit == "GB":
            break
    return f"{value:.1f} {unit}"


def clock(seconds: float) -> str:
    """`M:SS`, with hours where there are any; part seconds count as whole ones, so that 0:00 means done."""
    whole = max(0, int(-(-seconds // 1)))
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{second:02d}" if hours else f"{minutes}:{second:02d}"


def duration(seconds: float, tr: Translator) -> str:
    """Seconds with one decimal under a minute, a clock above."""
    return tr("fact.seconds", seconds=f"{seconds:.1f}") if seconds < 59.95 else clock(seconds)


def percent(progress: Progress | None) -> int:
    """How much of the whole job is done, 0..100."""
    return int(100 * progress.whole_share) if progress else 0


def stage_line(progress: Progress | None, tr: Translator) -> str:
    """The stage in words and how far it is: `跟踪人脸 · 120 / 300 帧`."""
    if progress is None:
        return tr("stage.prepare")
    name = tr(f"stage.{progress.stage}")
    if progress.stage is Stage.PREPARE or progress.total <= 1:
        return name
    counted = "page.seconds_done" if progress.stage is Stage.LISTEN else "page.frames_done"
    return f"{name} · {tr(counted, done=min(progress.done, progress.total), total=progress.total)}"


def eta_line(progress: Progress | None, tr: Translator) -> str:
    """`剩余约 0:42`, or nothing while the pace is not known."""
    return eta_text(progress.eta_s if progress else None, tr)


def eta_text(eta_s: float | None, tr: Translator) -> str:
    return "" if eta_s is None else tr("page.eta", clock=clock(eta_s))


def moment(when: datetime) -> str:
    """Day and minute in this machine's time: `11-25 14:03`."""
    return when.astimezone().strftime("%m-%d %H:%M")


def share(part: float) -> str:
    """0..1 as `98%`; only what is whole reads 100%."""
    return f"{int(100 * part)}%"


def inspection_facts(found: Inspection, tr: Translator) -> list[tuple[str, str]]:
    """Name and value of what is known of a file before it is used."""
    if found.kind is MediaKind.VOICE:
        return [
            (tr("fact.duration"), duration(found.duration_s, tr)),
            (tr("fact.level"), tr("fact.decibels", level=f"{found.level_db:.0f}")),
            (tr("fact.silence"), share(found.silent_share)),
        ]
    length = tr("fact.photo") if found.is_photo else duration(found.duration_s, tr)
    facts = [(tr("fact.duration"), length), (tr("fact.picture"), f"{found.width}×{found.height}")]
    if not found.is_photo:
        facts.append((tr("fact.rate"), tr("fact.per_second", rate=f"{found.frame_rate:.4g}")))
        facts.append((tr("fact.face_share"), share(found.face_share)))
    return [*facts, (tr("fact.faces"), str(found.faces))]


def inspection_line(found: Inspection, tr: Translator) -> list[str]:
    """The few of them that stand in a list."""
    if found.kind is MediaKind.VOICE:
        return [duration(found.duration_s, tr)]
    length = tr("fact.photo") if found.is_photo else duration(found.duration_s, tr)
    texts = [length, f"{found.width}×{found.height}"]
    if not found.is_photo:
        texts.append(tr("draft.face_share", share=share(found.face_share)))
    return [*texts, tr("draft.faces", count=found.faces)] if found.faces > 1 else texts


def waiting_facts(status: JobStatus, tr: Translator) -> list[str]:
    """Of a job that has not begun: its place, and what it is expected to take."""
    facts = [tr("job.ahead", count=status.ahead)] if status.state is JobState.QUEUED and status.ahead else []
    plan = status.preflight
    if plan is None:
        return [*facts, tr("draft.looking")]
    return [*facts, duration(plan.duration_s, tr), tr("job.expected", clock=clock(plan.expected_s))]


def made_facts(status: JobStatus, tr: Translator) -> list[str]:
    """Of a job that is done: its length, how long it took, when it was."""
    result = status.result
    if result is None:
        return []
    facts = [duration(result.duration_s, tr)]
    taken_s = sum(result.stage_seconds.values())
    if taken_s > 0:
        facts.append(tr("job.taken", duration=duration(taken_s, tr)))
    if result.unchanged:
        facts.append(tr("job.unchanged", count=len(result.unchanged)))
    return facts


def stretches(result: LipSyncResult, tr: Translator) -> str:
    """The time codes that passed through unchanged, the first few of them; empty if there are none."""
    codes = [stretch.timecode() for stretch in result.unchanged]
    shown = tr("fact.comma").join(codes[:STRETCHES_SHOWN])
    more = len(codes) - STRETCHES_SHOWN
    return tr("fact.stretches_more", shown=shown, more=more) if more > 0 else shown


def result_facts(result: LipSyncResult, size_bytes: int, tr: Translator) -> list[tuple[str, str]]:
    """Name and value of each fact about a finished video."""
    taken_s = sum(result.stage_seconds.values())
    facts = [
        (tr("fact.duration"), duration(result.duration_s, tr)),
        (tr("fact.frames"), str(result.frame_count)),
        (tr("fact.size"), size(size_bytes)),
    ]
    if taken_s > 0:
        facts.append((tr("fact.taken"), duration(taken_s, tr)))
    if result.unchanged:
        facts.append((tr("fact.unchanged"), stretches(result, tr)))
    return facts
