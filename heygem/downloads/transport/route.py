"""Opens a link: by hand along its redirects, so that what is meant for one host is never sent to another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

import httpcore
import httpx

from heygem.domain.model_errors import SourceProblem
from heygem.downloads.link import Link
from heygem.downloads.resolvers.asker import HARMLESS, USER_AGENT, is_same_origin
from heygem.downloads.transport.fetch_error import FetchError

MOST_HOPS: Final = 10
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
# What a proxy or a server might compress would have another size.
ALWAYS: Final = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True)
class Route:
    """Where a link leads in the end, and what may be said there. `link` is where it began."""

    link: Link = field(repr=False)
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)

    @classmethod
    def begin(cls, link: Link) -> "Route":
        """A name and password in the address become a header, so that they too stay with their host."""
        try:
            url, headers = httpx.URL(link.url), httpx.Headers({**ALWAYS, **link.headers})
        except (httpx.InvalidURL, ValueError) as error:
            raise FetchError(SourceProblem.ADDRESS_INVALID, is_lasting=True) from error
        if url.username and "authorization" not in headers:
            login = httpx.BasicAuth(url.username, url.password)
            request = next(login.auth_flow(httpx.Request("GET", url)))
            headers["Authorization"] = request.headers["Authorization"]
        return cls(link, str(url.copy_with(username=None, password=None)), dict(headers))

    def follow(self, location: str) -> "Route":
        try:
            target = urljoin(self.url, location)
            is_ours = is_same_origin(target, self.url)
        except ValueError as error:
            raise FetchError(SourceProblem.ADDRESS_INVALID, is_lasting=True) from error
        if is_ours:
            return Route(self.link, target, self.headers)
        kept = {name: value for name, value in self.headers.items() if name.lower() in {*HARMLESS, "accept-encoding"}}
        return Route(self.link, target, kept)

    @property
    def is_redirected(self) -> bool:
        return self.url != Route.begin(self.link).url


def open_route(client: httpx.Client, route: Route, headers: Mapping[str, str]) -> tuple[httpx.Response, Route]:
    """The answer's head, its body unread, and where it came from. The response must be closed. Raises FetchError."""
    for _ in range(MOST_HOPS):
        response = _ask(client, route, headers)
        location = response.headers.get("location", "")
        if response.status_code not in REDIRECTS or not location:
            return response, route
        response.close()
        route = route.follow(location)
    raise FetchError(SourceProblem.ANSWER_UNREADABLE, is_lasting=True)


def _ask(client: httpx.Client, route: Route, headers: Mapping[str, str]) -> httpx.Response:
    try:
        request = client.build_request("GET", route.url, headers={**route.headers, **headers})
        return client.send(request, stream=True)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
        raise FetchError(SourceProblem.ADDRESS_INVALID, is_lasting=True) from error
    except httpx.HTTPError as error:
        raise translate(error) from error


def translate(error: httpx.HTTPError | httpcore.NetworkError | httpcore.ProtocolError) -> FetchError:
    """Why nothing came, in a FetchError."""
    if isinstance(error, httpx.TimeoutException):
        return FetchError(SourceProblem.TIMED_OUT)
    is_lasting = "CERTIFICATE_VERIFY_FAILED" in str(error)
    return FetchError(str(error) if is_lasting else SourceProblem.UNREACHABLE, is_lasting=is_lasting)
