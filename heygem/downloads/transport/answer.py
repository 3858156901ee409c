"""Reads what a server answers to a request for a range, and believes none of it unchecked."""

import re
from dataclasses import dataclass
from typing import Final

import httpx

from heygem.domain.model_errors import SourceProblem
from heygem.domain.retrying import read_retry_after
from heygem.downloads.resolvers.asker import PAGE_TYPES
from heygem.downloads.transport.fetch_error import ChangedError, CrowdedError, FetchError, LinkError

CONTENT_RANGE: Final = re.compile(r"bytes\s+(\d+)-(\d+)/(\d+|\*)", re.IGNORECASE)
LINK_STATUSES: Final = {401: SourceProblem.LOGIN_NEEDED, 403: SourceProblem.FORBIDDEN, 410: SourceProblem.SHARE_EXPIRED}
PASSING_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
CROWDED_STATUSES: Final = frozenset({429, 503})
PAGE_BEGINNINGS: Final = (b"<!doctype html", b"<html")


@dataclass(frozen=True)
class Asked:
    """From `start` to before `end` of a file of `size_bytes`, which the source has called `etag` (empty: nothing yet).

    `may_be_page` for a file that is HTML itself.
    """

    start: int
    end: int
    size_bytes: int
    etag: str = ""
    may_be_page: bool = False


@dataclass(frozen=True)
class Answer:
    """What follows in the body: the file from `start` to before `end`; `length` None where that is not told.

    `is_whole`: the server sends all of it, whatever was asked for.
    """

    start: int
    end: int
    etag: str
    length: int | None
    is_whole: bool = False


def read_answer(response: httpx.Response, asked: Asked) -> Answer:
    """Raises FetchError, or the kind of it that says what to do."""
    if response.status_code not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
        raise _refusal(response)
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in PAGE_TYPES and not asked.may_be_page:
        raise FetchError(SourceProblem.PAGE, is_lasting=True)
    if response.headers.get("content-encoding", "identity").lower() not in ("identity", ""):
        raise FetchError(SourceProblem.ANSWER_UNREADABLE, is_lasting=True)
    etag = _find_etag(response)
    length = _find_length(response)
    is_whole = response.status_code == httpx.codes.OK
    answer = _read_whole(asked, etag, length) if is_whole else _read_part(response, asked, etag, length)
    if asked.etag and etag and etag != asked.etag:
        raise ChangedError(asked.etag)
    return answer


def looks_like_page(beginning: bytes) -> bool:
    """Whether the first bytes of a file are those of HTML."""
    return beginning[:64].lstrip().lower().startswith(PAGE_BEGINNINGS)


def conditional(etag: str) -> dict[str, str]:
    """The header that asks for a range of this version alone; a weak name cannot be asked for (RFC 9110, 13.1.5)."""
    return {"If-Range": etag} if etag and not etag.startswith("W/") else {}


def _read_whole(asked: Asked, etag: str, length: int | None) -> Answer:
    if length is not None and length != asked.size_bytes:
        raise FetchError(SourceProblem.FILE_DIFFERS, is_lasting=True)
    return Answer(0, asked.size_bytes, etag, length, is_whole=True)


def _read_part(response: httpx.Response, asked: Asked, etag: str, length: int | None) -> Answer:
    found = CONTENT_RANGE.fullmatch(response.headers.get("content-range", "").strip())
    if found is None:
        raise FetchError(SourceProblem.ANSWER_UNREADABLE, is_lasting=True)
    start, end = int(found[1]), int(found[2]) + 1
    if found[3] not in ("*", str(asked.size_bytes)):
        raise FetchError(SourceProblem.FILE_DIFFERS, is_lasting=True)
    if start != asked.start or not start < end <= asked.end or length not in (None, end - start):
        raise FetchError(SourceProblem.ANSWER_UNREADABLE, is_lasting=True)
    return Answer(start, end, etag, length)


def _find_etag(response: httpx.Response) -> str:
    """The version's name: its ETag, or else its date, which does for a condition as well."""
    return str(response.headers.get("etag") or response.headers.get("last-modified", "")).strip()


def _find_length(response: httpx.Response) -> int | None:
    """None for a body in chunks."""
    value = response.headers.get("content-length", "")
    return int(value) if value.isdecimal() and "transfer-encoding" not in response.headers else None


def _refusal(response: httpx.Response) -> FetchError:
    status = response.status_code
    wait_s = read_retry_after(response.headers.get("retry-after", ""))
    if status in LINK_STATUSES:
        return LinkError(LINK_STATUSES[status], is_lasting=True)
    if status in CROWDED_STATUSES:
        return CrowdedError(SourceProblem.BUSY, wait_s=wait_s)
    if status in PASSING_STATUSES:
        return FetchError(f"HTTP {status}", wait_s=wait_s)
    if status == httpx.codes.NOT_FOUND:
        return FetchError(SourceProblem.NOT_FOUND, is_lasting=True)
    if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:  # its file is shorter than ours
        return FetchError(SourceProblem.FILE_DIFFERS, is_lasting=True)
    return FetchError(f"HTTP {status}", is_lasting=True)
