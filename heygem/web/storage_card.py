"""How much room finished videos take, whose it is, how full the disk is and what goes next, as HTML. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final

from heygem.config.strings import Translator
from heygem.domain.output_query import OutputPage, Usage, UsageBy
from heygem.library.retention import DiskFacts
from heygem.maintenance.disk_guard import DiskState
from heygem.web import format as fmt
from heygem.web.cards import mark

BARS: Final = 6  # of each kind; the rest are one more bar
NONE: Final = OutputPage((), 0, 0)


@dataclass(frozen=True)
class Storage:
    """`usages` is who uses what, the most bytes first: each holds every video. `full_at` is when no new job will be
    taken at the present growth, None where that is not to be seen. `leaving` are the videos that soon go to the trash,
    `archiving` those that are soon in the archive alone.
    """

    usages: Mapping[UsageBy, Sequence[Usage]]
    disk: DiskFacts
    disk_state: DiskState
    full_at: datetime | None
    leaving: OutputPage = NONE
    archiving: OutputPage = NONE


def storage_card(storage: Storage, tr: Translator) -> str:
    """A line that opens to the bars."""
    every = storage.usages[UsageBy.PROJECT]
    count, used_bytes = sum(usage.count for usage in every), sum(usage.size_bytes for usage in every)
    disk = storage.disk
    texts = [
        tr("storage.videos", count=count, size=fmt.size(used_bytes)),
        tr("storage.disk", free=fmt.size(disk.free_bytes), total=fmt.size(disk.total_bytes)),
    ]
    if storage.full_at is not None and storage.disk_state is not DiskState.FULL:
        texts.append(tr("storage.full_at", day=storage.full_at.astimezone().strftime("%Y-%m-%d")))
    facts = "".join(f"<span>{escape(text)}</span>" for text in texts)
    return (
        f'<details class="hg-storage" data-state="{storage.disk_state}"><summary>{_disk_bar(disk, used_bytes, tr)}'
        f'<div class="hg-item-facts">{facts}{_warning(storage, tr)}{_leaving(storage, tr)}</div></summary>'
        f'<div class="hg-shares">{"".join(_bars(by, usages, tr) for by, usages in storage.usages.items() if usages)}'
        "</div></details>"
    )


def fold_rest(usages: Sequence[Usage], rest: str) -> list[Usage]:
    """The first BARS, and what is left as one of the name `rest`; one more is a bar of its own."""
    shown, others = list(usages[:BARS]), usages[BARS:]
    if len(others) <= 1:
        return list(usages)
    return [*shown, Usage(rest, sum(one.count for one in others), sum(one.size_bytes for one in others))]


def _disk_bar(disk: DiskFacts, videos_bytes: int, tr: Translator) -> str:
    """The videos' share of what is in use, then that of all else."""
    total = disk.total_bytes or 1
    videos = 100 * min(videos_bytes, total - disk.free_bytes) / total
    other = max(0.0, 100 * disk.used_share - videos)
    said = escape(tr("storage.used", share=fmt.share(disk.used_share)))
    return (
        f'<span class="hg-disk" role="img" aria-label="{said}" title="{said}">'
        f'<i data-part="videos" style="width:{videos:.2f}%"></i><i style="width:{other:.2f}%"></i></span>'
    )


def _warning(storage: Storage, tr: Translator) -> str:
    if storage.disk_state is DiskState.OK:
        return ""
    tone = "bad" if storage.disk_state is DiskState.FULL else "warn"
    return mark(tone, tr(f"storage.{storage.disk_state}"))


def _leaving(storage: Storage, tr: Translator) -> str:
    """None of them is lost by the archive, so that is not warned of."""
    marks = (("archiving", "wait", storage.archiving), ("leaving", "warn", storage.leaving))
    return "".join(
        mark(tone, tr(f"storage.{key}", count=videos.total, size=fmt.size(videos.total_bytes)))
        for key, tone, videos in marks
        if videos.total
    )


def _bars(by: UsageBy, usages: Sequence[Usage], tr: Translator) -> str:
    rows = fold_rest(usages, tr("storage.rest", count=len(usages) - BARS))
    most = max(usage.size_bytes for usage in rows) or 1
    bars = "".join(_bar(usage, most, tr(f"without.{by}"), tr) for usage in rows)
    return f'<section class="hg-bars"><h3>{escape(tr(f"usage.{by}"))}</h3>{bars}</section>'


def _bar(usage: Usage, most: int, nameless: str, tr: Translator) -> str:
    name = escape(usage.name or nameless)
    told = escape(tr("storage.bar", count=usage.count, size=fmt.size(usage.size_bytes)))
    return (
        f'<div class="hg-usage"><span title="{name}">{name}</span>'
        f'<i style="--share:{usage.size_bytes / most:.4f}"></i><b>{told}</b></div>'
    )
