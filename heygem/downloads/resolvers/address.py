"""Taking addresses apart: the words between their slashes, and when a signed one expires."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qs, parse_qsl, urlsplit

# What stores of files call the second at which a signature is over; the last part of OpenList's `sign` is one too.
UNIX_NAMES: Final = ("expires", "x-oss-expires", "expire", "e", "deadline")
ISO_NAMES: Final = ("se",)
STARTS_AND_LASTS: Final = (("x-amz-date", "x-amz-expires"), ("x-goog-date", "x-goog-expires"))
SOONEST_UNIX_S: Final = 1_000_000_000  # a smaller number counts from now, or means something else


def list_words(url: str) -> list[str]:
    """What stands between the slashes, still percent-encoded; of a scheme of our own, what stands for the host too."""
    parts = urlsplit(url)
    start = "" if parts.scheme in ("http", "https") else parts.netloc
    return [word for word in f"{start}{parts.path}".split("/") if word]


def read_query(url: str) -> dict[str, str]:
    """The parameters of an address; of one that is told several times, the first, and none that is empty."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def find_expiry(url: str) -> datetime | None:
    """When the signature in an address is over, by what the usual stores write into it; None where nothing tells."""
    query = {name.lower(): value for name, value in parse_qsl(urlsplit(url).query)}
    for start, lasts in STARTS_AND_LASTS:
        if query.get(lasts, "").isdecimal() and (begun := _parse_time(query.get(start, ""))):
            return begun + timedelta(seconds=int(query[lasts]))
    for name in ISO_NAMES:
        if found := _parse_time(query.get(name, "")):
            return found
    signed = re.fullmatch(r"[\w=-]{20,}:(\d+)", query.get("sign", ""))
    seconds = [query.get(name, "") for name in UNIX_NAMES] + ([signed.group(1)] if signed else [])
    return min((found for each in seconds if (found := _from_unix(each))), default=None)


def _from_unix(value: str) -> datetime | None:
    """Of seconds since 1970, up to the year 9999."""
    if not value.isdecimal() or not SOONEST_UNIX_S <= int(value) < 253_402_300_800:
        return None
    return datetime.fromtimestamp(int(value), UTC)


def _parse_time(value: str) -> datetime | None:
    """Of ISO 8601, with or without its separators."""
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC)
