"""What is next for a finished video: when it leaves, where to, and how far it is on its way back. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from heygem.config.strings import Translator
from heygem.domain.library import OutputRecord, OutputState
from heygem.library.fetching import Fetching
from heygem.library.retention import RetentionRules, find_due_at
from heygem.web import format as fmt
from heygem.web.cards import mark
from heygem.web.history_query import SOON


@dataclass(frozen=True)
class Prospect:
    """`due_at` is when it goes from its place, or from the trash for good; None for never. `is_kept` where the archive
    has it then. `fetching` where it was asked for from there.
    """

    due_at: datetime | None = None
    is_kept: bool = False
    fetching: Fetching | None = None

    @property
    def is_coming(self) -> bool:
        return self.fetching is not None and self.fetching.error is None


def find_prospect(record: OutputRecord, rules: RetentionRules | None, fetching: Fetching | None = None) -> Prospect:
    if rules is None:
        return Prospect(fetching=fetching)
    archive = rules.archive
    is_wanted = archive is not None and record.state is OutputState.PRESENT and archive.is_wanted(record.kind)
    is_kept = is_wanted or record.archived_at is not None
    if record.state is OutputState.TRASHED and record.trashed_at is not None:
        return Prospect(record.trashed_at + timedelta(hours=rules.trash_hours), is_kept, fetching)
    return Prospect(find_due_at(record, rules), is_kept, fetching)


def due_text(record: OutputRecord, prospect: Prospect, now: datetime, tr: Translator) -> str:
    """How long it stays: `还有 3 天`, in the trash `14 小时后彻底删除`, with an archive `3 天后仅在归档`."""
    if record.state is OutputState.ARCHIVED:
        return fetching_text(prospect.fetching, tr) if prospect.fetching else tr("history.archive_only")
    if record.state not in (OutputState.PRESENT, OutputState.TRASHED):
        return tr(f"shelf.{record.state}")
    if prospect.due_at is None:
        return tr("history.for_ever")
    left = span_text(prospect.due_at - now, tr)
    if prospect.is_kept:
        return tr("history.archived_in", span=left)
    return tr("history.purged_in" if record.state is OutputState.TRASHED else "history.left", span=left)


def fetching_text(fetching: Fetching, tr: Translator) -> str:
    if fetching.error is not None:
        return tr("history.fetch_failed")
    if not fetching.done_bytes:
        return tr("history.fetch_waits")
    return tr("history.fetching", percent=int(100 * fetching.share))


def span_text(span: timedelta, tr: Translator) -> str:
    """Whole days from two on, else whole hours; nothing left reads 0 hours."""
    hours = max(0, int(span.total_seconds() // 3600))
    return tr("history.days", count=hours // 24) if hours >= 48 else tr("history.hours", count=hours)


def due_mark(record: OutputRecord, prospect: Prospect, now: datetime, tr: Translator) -> str:
    """Pinned says it by its kind already."""
    due_at, fetching = prospect.due_at, prospect.fetching
    if record.state is OutputState.PRESENT and due_at is None:
        return ""
    text = due_text(record, prospect, now, tr)
    if record.state is OutputState.ARCHIVED:
        error = fetching.error if fetching else None
        return mark("bad", text, tr.explain(error)) if error else mark("wait", text)
    is_soon = due_at is None or due_at - now <= SOON
    return mark("warn" if is_soon and not prospect.is_kept else "wait", text)


def archived_mark(record: OutputRecord, tr: Translator) -> str:
    """Of one that is here and in the archive."""
    is_both = record.archived_at is not None and record.state in (OutputState.PRESENT, OutputState.TRASHED)
    if not is_both or record.archived_at is None:
        return ""
    text = tr("history.archived")
    return mark("good", text, f"{text} {fmt.moment(record.archived_at)}")


def is_playable(record: OutputRecord) -> bool:
    return record.state in (OutputState.PRESENT, OutputState.ARCHIVED)
