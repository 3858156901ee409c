"""True receivers on this machine: a mail server, which may ask for a password, and a web server."""

import ssl
import subprocess
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from apprise.plugins.base import NotifyBase

from tests.serving import free_port
from tests.web_receiver import WebReceiver, receiving

USER: Final = "ops"
PASSWORD: Final = "p4ssword-of-ops"


class Mailbox:
    """`mails` are parsed; `refuses` answers each with a temporary error."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[list[str]] = []
        self.refuses = False
        rules: dict[str, Any] = {"authenticator": self._check, "auth_require_tls": False}
        self._server = Controller(self, hostname="127.0.0.1", port=free_port(), ssl_context=tls, **rules)
        self._server.start()

    @property
    def url(self) -> str:
        return f"mailto://{USER}:{PASSWORD}@127.0.0.1:{self._server.port}?from=heygem@example.cn&to=ops@example.cn"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del server
        assert session.authenticated
        if self.refuses:
            return "451 later"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append(envelope.rcpt_tos)
        return "250 taken"

    def close(self) -> None:
        self._server.stop()

    @staticmethod
    def _check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any) -> AuthResult:
        del server, session, envelope, mechanism
        known = LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=login == known, handled=False)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """apprise lets seconds pass between two messages to one target, as robots ask for."""
    monkeypatch.setattr(NotifyBase, "request_rate_per_sec", 0)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox()
    yield box
    box.close()


@pytest.fixture
def tls_mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    """With a certificate of its own making, which nobody vouches for."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    command += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    box = Mailbox(context)
    yield box
    box.close()


@pytest.fixture
def receiver() -> Iterator[WebReceiver]:
    with receiving() as receiver:
        yield receiver
