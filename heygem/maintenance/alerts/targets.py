"""Who is told, by apprise: e-mail, DingTalk, WeCom, Feishu, a webhook and what else it knows. Known to this file alone,
but for the robots. The addresses hold secrets, and no more of them is shown than their kind and their server.
"""

import hashlib
import logging
import re
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote

from heygem.config.redaction import HIDDEN, redact
from heygem.domain.errors import AlertTargetError, SettingsError
from heygem.maintenance.alerts.outbox import Message
from heygem.maintenance.alerts.standing import LetterKind

with warnings.catch_warnings():  # apprise has an answer to what Python 3.13 no longer has
    warnings.simplefilter("ignore", DeprecationWarning)
    from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType
    from apprise.manager_plugins import NotificationManager
    from apprise.plugins.base import NotifyBase

    from heygem.maintenance.alerts.robots import DingTalkRobot, WeComRobot

    _plugins: Final = NotificationManager()  # the only one
    _plugins.load_modules()
for _robot in (DingTalkRobot, WeComRobot):
    _plugins.add(_robot, force=True)
_their_log: Final = logging.getLogger("apprise")  # it quotes addresses, and is only asked why something went wrong
_their_log.addHandler(logging.NullHandler())
_their_log.propagate = False
_their_log.setLevel(logging.DEBUG)

TIMEOUT_S: Final = 10.0
SOCKET_S: Final = 8.0  # of a mail server that says nothing; whoever ends the program waits for it
SHOWN: Final = ("mailto", "mailtos", "json", "jsons", "form", "forms", "xml", "xmls")  # their server is no secret
LONGEST_REASON: Final = 300
_ASSET: Final = AppriseAsset(
    app_id="HeyGem", app_desc="HeyGem", app_url="", storage_mode="memory", http_redirects=False
)
_WHY: Final = "Socket Exception"  # what they log of it for debugging


@dataclass(frozen=True)
class Target:
    """`key` tells it from others and gives nothing away; `name` is what may be shown: `mailtos://smtp.qq.com`."""

    key: str
    name: str
    url: str = field(repr=False)
    service: NotifyBase = field(repr=False, compare=False)

    def send(self, title: str, body: str, tone: NotifyType) -> str | None:
        """Why it has not arrived within TIMEOUT_S; None where it has. Raises nothing."""
        sender = Apprise(self.service, asset=_ASSET)
        try:
            result = sender.notify(
                body, title, tone, body_format=NotifyFormat.TEXT, timeout=TIMEOUT_S, log_level=logging.DEBUG
            )
        except Exception as error:  # one of their hundred plugins
            return self.hide(f"{type(error).__name__}: {error}")
        if result:
            return None
        said = [
            entry.message for entry in result.logs() if entry.level in ("WARNING", "ERROR") or _WHY in entry.message
        ]
        return self.hide(". ".join(dict.fromkeys(said)) or result.status.name)

    def tell(self, message: Message) -> str | None:
        """As `send` does."""
        return self.send(message.title, message.body, _choose_tone(message))

    def hide(self, text: str) -> str:
        """`text` without anything of the address but its name."""
        place, _, query = self.url.partition("?")
        parts = [unquote(place), *(value for _, value in parse_qsl(query))]
        words = {word for part in parts for word in re.split(r"[^\w-]+", part)}
        words = {word for word in words if len(word) > 3 and word not in self.name}
        for word in sorted(words, key=len, reverse=True):
            text = text.replace(word, HIDDEN)
        return redact(text)[:LONGEST_REASON]


def list_targets(urls: Sequence[str], urls_file: Path | None) -> list[Target]:
    """Those of the settings, then those of the file: an address a line, `#` before a remark. Raises SettingsError for
    a file that cannot be read, and AlertTargetError, which names the place but does not quote what stands there.
    """
    named = [("alerts.urls", number, url) for number, url in enumerate(urls, start=1)]
    if urls_file is not None:
        try:
            lines = urls_file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = f"{urls_file}: {type(error).__name__}"
            raise SettingsError(setting="alerts.urls_file", reason=reason) from error
        named += [(str(urls_file), number, line) for number, line in enumerate(lines, start=1)]
    given = [(place, number, url.strip()) for place, number, url in named]
    targets = [_build(place, number, url) for place, number, url in given if url and not url.startswith("#")]
    return list({target.key: target for target in targets}.values())


def send_test(targets: Sequence[Target], title: str, body: str) -> list[str | None]:
    """Of each target why it did not arrive, None where it did; to all at once."""
    if not targets:
        return []
    with ThreadPoolExecutor(len(targets)) as pool:
        return list(pool.map(lambda target: target.send(title, body, NotifyType.INFO), targets))


def _build(place: str, number: int, url: str) -> Target:
    service = Apprise.instantiate(url, asset=_ASSET)
    if service is None:
        raise AlertTargetError(place=place, number=number)
    service.socket_connect_timeout = min(service.socket_connect_timeout, SOCKET_S)
    key = hashlib.sha256(url.encode()).hexdigest()[:8]
    return Target(key, _name(service), url, service)


def _name(service: NotifyBase) -> str:
    kind = str(service.schema)
    if kind not in SHOWN or not service.host:
        return f"{kind}://…"
    return f"{kind}://{service.host}:{service.port}" if service.port else f"{kind}://{service.host}"


def _choose_tone(message: Message) -> NotifyType:
    if message.kind is LetterKind.CLEARED:
        return NotifyType.SUCCESS
    return NotifyType.FAILURE if message.condition.is_severe else NotifyType.WARNING
