"""The user's own logins to servers, each for one server: from HEYGEM_LOGINS and from a netrc file."""

import base64
import netrc
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from heygem.domain.models import find_host
from heygem.downloads.resolvers.asker import is_same_origin

VARIABLE: Final = "HEYGEM_LOGINS"


@dataclass(frozen=True)
class Login:
    """`origin` is the server's address, `https://host:port`; or its bare name, as netrc has it, for every port."""

    origin: str
    user: str
    password: str = field(repr=False)

    def is_for(self, url: str) -> bool:
        return is_same_origin(url, self.origin) if "://" in self.origin else find_host(url) == self.origin

    @property
    def header(self) -> dict[str, str]:
        """As HTTP's basic authentication."""
        return basic_header(self.user, self.password)


def basic_header(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")}


def find_login(logins: Iterable[Login], url: str, user: str = "") -> Login | None:
    """The first for the server of `url`, of that user where one is named."""
    return next((login for login in logins if login.is_for(url) and user in ("", login.user)), None)


def read_logins(environment: Mapping[str, str], home: Path) -> tuple[Login, ...]:
    """HEYGEM_LOGINS has addresses such as `https://user:password@host`, with spaces between them, percent-encoded."""
    named = tuple(login for word in environment.get(VARIABLE, "").split() if (login := _parse(word)))
    return named + _read_netrc(Path(environment.get("NETRC") or home / ".netrc"))


def _parse(word: str) -> Login | None:
    try:
        parts = urlsplit(word)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    if not parts.hostname or parts.username is None:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return Login(f"{parts.scheme}://{host}{port}", unquote(parts.username), unquote(parts.password or ""))


def _read_netrc(path: Path) -> tuple[Login, ...]:
    """A file that is not there, or that cannot be made sense of, has none."""
    try:
        hosts = netrc.netrc(str(path)).hosts
    except (OSError, UnicodeDecodeError, netrc.NetrcParseError):
        return ()
    return tuple(
        Login(host, user, password or "") for host, (user, _, password) in hosts.items() if host != "default" and user
    )
