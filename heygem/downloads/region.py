"""Which sources are asked first: by what the user chose, else by where this machine seems to be."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from heygem.domain.models import DownloadSource

_CHINA_OFFSET: Final = timedelta(hours=8)


class Region(StrEnum):
    """AUTO goes by the clock and the language of this machine."""

    AUTO = "auto"
    CN = "cn"
    GLOBAL = "global"


def order_sources(sources: Sequence[DownloadSource], region: Region) -> list[DownloadSource]:
    """Those of the region, then those for anywhere, then the others; within each by priority, highest first."""
    wanted = guess_region() if region is Region.AUTO else region

    def rank(source: DownloadSource) -> tuple[int, int]:
        nearness = 0 if source.region == wanted else 1 if not source.region else 2
        return nearness, -source.priority

    return sorted(sources, key=rank)


def guess_region(environment: Mapping[str, str] = os.environ, now: datetime | None = None) -> Region:
    """Without asking anybody on the network."""
    names = ("HEYGEM_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
    language = next((environment[name] for name in names if environment.get(name)), "").lower()
    local = now or datetime.now().astimezone()
    is_chinas_clock = (local.utcoffset(), local.tzname()) == (_CHINA_OFFSET, "CST")
    return Region.CN if is_chinas_clock or language.startswith("zh_cn") else Region.GLOBAL
