"""Who may use the programs' interface: looked at before any of a request's body is read."""

import hmac
import ipaddress
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from heygem.domain.api_errors import ForeignOriginError, RequestInvalidError, TokenError, UploadTooLargeError
from heygem.domain.errors import HeyGemError
from heygem.web.rest.errors import answer_error

MB: Final = 1_000_000
MOST_JSON_BYTES: Final = 16 * MB
OPEN_PATH: Final = "/openapi.json"  # says nothing of anyone
LENGTH_REQUIRED: Final = 411


class Guard:
    """With a `token`, requests must bring it as a bearer. Without, they must come from this machine and speak to it
    by a name of its own, so that no web page can reach it under a name that it has made this machine's.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refuse(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
            return
        error, status = refusal
        await answer_error(error, status)(scope, receive, send)

    def _refuse(self, scope: Scope) -> tuple[HeyGemError, int | None] | None:
        headers = Headers(scope=scope)
        is_open = scope["path"] == scope.get("root_path", "") + OPEN_PATH
        if not is_open and not is_allowed(scope, headers, self._token):
            return TokenError(), None
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != headers.get("host"):
            return ForeignOriginError(origin=origin), None
        return check_length(headers)


def is_allowed(scope: Scope, headers: Mapping[str, str], token: str) -> bool:
    """Whether a request brings the `token`, or where there is none comes from this machine."""
    return _has_token(headers, token) if token else is_local(scope, headers)


def is_local(scope: Scope, headers: Mapping[str, str]) -> bool:
    client = scope.get("client")
    return client is not None and _is_loopback(client[0]) and _is_loopback(_host_name(headers.get("host", "")))


def check_length(headers: Mapping[str, str]) -> tuple[HeyGemError, int | None] | None:
    """A refusal of what would be read whole and is too large for that, or does not say how large it is."""
    if headers.get("content-type", "").lower().startswith("multipart/"):
        return None  # read in pieces, and counted
    if "transfer-encoding" in headers:
        return RequestInvalidError(field="Content-Length", reason="missing"), LENGTH_REQUIRED
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MOST_JSON_BYTES:
        return UploadTooLargeError(max_mb=MOST_JSON_BYTES // MB), None
    return None


def _has_token(headers: Mapping[str, str], token: str) -> bool:
    scheme, _, brought = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(brought.strip().encode(), token.encode())


def _host_name(host: str) -> str:
    """Without the port."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


def _is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
