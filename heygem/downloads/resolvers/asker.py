"""Asks servers over HTTP for all resolvers: headers stay with the host they are for, faults become SourceError."""

import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import httpx

import heygem
from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import find_host

MOST_HOPS: Final = 10
MOST_BYTES: Final = 8 << 20  # of an answer that is read whole
USER_AGENT: Final = f"HeyGem/{heygem.__version__}"
HARMLESS: Final = frozenset(
    {"accept", "accept-language", "depth", "range", "referer", "user-agent", "x-requested-with"}
)
PAGE_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})
PROBLEMS: Final = {
    400: SourceProblem.ADDRESS_INVALID,
    401: SourceProblem.LOGIN_NEEDED,
    403: SourceProblem.FORBIDDEN,
    404: SourceProblem.NOT_FOUND,
    410: SourceProblem.SHARE_EXPIRED,
    429: SourceProblem.BUSY,
    451: SourceProblem.FORBIDDEN,
}


@dataclass(frozen=True)
class Answer:
    """`url` is where it came from in the end; `content` is empty where only the head was asked for."""

    url: str = field(repr=False)
    status: int
    headers: httpx.Headers = field(repr=False)
    content: bytes = field(default=b"", repr=False)

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_page(self) -> bool:
        """Whether it is HTML, for a person to read."""
        return self._kind in PAGE_TYPES

    @property
    def _kind(self) -> str:
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    @property
    def is_data(self) -> bool:
        """Whether it is JSON, for a program to read."""
        return self._kind.endswith("json")

    @property
    def size_bytes(self) -> int | None:
        """Of the whole, where an answer of a part or of all tells."""
        whole = self.headers.get("content-range", "").rpartition("/")[2] or self.headers.get("content-length", "")
        return int(whole) if whole.isdecimal() and "content-encoding" not in self.headers else None

    @property
    def target(self) -> str:
        """Where a redirection leads, empty where it is none."""
        location = self.headers.get("location", "")
        return urljoin(self.url, location) if location and 300 <= self.status < 400 else ""

    def get_json(self) -> Any:
        """Raises SourceError where it is none."""
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise SourceError(source=find_host(self.url), reason=SourceProblem.ANSWER_UNREADABLE) from error

    def refusal(self) -> SourceError:
        """What the status says."""
        problem = PROBLEMS.get(self.status, SourceProblem.BUSY if self.status >= 500 else None)
        kinds = self.headers.get("www-authenticate", "").lower()
        if self.status == 401 and "digest" in kinds and "basic" not in kinds:
            problem = SourceProblem.LOGIN_UNKNOWN
        return SourceError(source=find_host(self.url), reason=problem or f"HTTP {self.status}")


class Asker:
    """For several threads. Cookies are kept, each for its own host, until the asker is closed."""

    def __init__(self, timeout_s: float, connect_s: float) -> None:
        self._times = (timeout_s, connect_s)
        self._client = httpx.Client(
            timeout=httpx.Timeout(timeout_s, connect=connect_s),
            verify=_load_trust(),
            follow_redirects=False,
            headers={"User-Agent": USER_AGENT},
        )

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        is_head: bool | Callable[[Answer], bool] = False,
        follows: Callable[[Answer], bool] = lambda _: True,
        **body: Any,
    ) -> Answer:
        """The answer, of whatever status, after the redirections that `follows` agrees to; `is_head` says, or
        tells by its head, that no more of it is to be read. `body` is httpx's `content`, `json`, `data`, `files` or
        `params`. Raises SourceError.
        """
        sent = dict(headers or {})
        for _ in range(MOST_HOPS):
            answer = self._ask_once(method, url, sent, is_head, body)
            if not answer.target or not follows(answer):
                return answer
            if not is_same_origin(answer.target, url):
                sent = {name: value for name, value in sent.items() if name.lower() in HARMLESS}
            if (answer.status == 303 and method != "HEAD") or (answer.status in (301, 302) and method == "POST"):
                method, body = "GET", {}
            url = answer.target
            body.pop("params", None)  # they are a part of where it leads
        raise SourceError(source=find_host(url), reason=SourceProblem.ANSWER_UNREADABLE)

    def _ask_once(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        is_head: bool | Callable[[Answer], bool],
        body: dict[str, Any],
    ) -> Answer:
        with translated(url), self._client.stream(method, url, headers=headers, **body) as got:
            head = Answer(str(got.url), got.status_code, got.headers)
            if is_head(head) if callable(is_head) else is_head:
                return head
            return replace(head, content=_read(got))

    def fresh(self) -> "Asker":
        """One without any cookies."""
        return Asker(*self._times)

    def cookies_for(self, url: str) -> str:
        """The header of the cookies that `url` would be asked with, empty without any."""
        return str(self._client.build_request("GET", url).headers.get("cookie", ""))

    def close(self) -> None:
        self._client.close()


@cache
def _load_trust() -> ssl.SSLContext:
    """Once for all, since it takes its time."""
    return httpx.create_ssl_context()


def is_same_origin(url: str, other: str) -> bool:
    """Whether both are of one scheme, host and port; a step from http up to https on one host counts as the same."""
    ours, theirs = urlsplit(url), urlsplit(other)
    if ours.hostname != theirs.hostname:
        return False
    ports = {"http": 80, "https": 443}
    pair = [(part.scheme, part.port or ports.get(part.scheme)) for part in (ours, theirs)]
    return pair[0] == pair[1] or pair == [("https", 443), ("http", 80)]


@contextmanager
def translated(url: str) -> Iterator[None]:
    """httpx's errors, and those of an address that is none, become SourceError."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise SourceError(source=find_host(url), reason=SourceProblem.TIMED_OUT) from error
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
        raise SourceError(source=find_host(url), reason=SourceProblem.ADDRESS_INVALID) from error
    except httpx.HTTPError as error:
        raise SourceError(source=find_host(url), reason=SourceProblem.UNREACHABLE) from error


def _read(response: httpx.Response) -> bytes:
    read = bytearray()
    for chunk in response.iter_bytes():
        read += chunk
        if len(read) > MOST_BYTES:
            raise SourceError(source=response.url.host, reason=SourceProblem.ANSWER_UNREADABLE)
    return bytes(read)
