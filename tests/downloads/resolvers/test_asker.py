"""What goes along a redirection and what does not, and how faults are told."""

import time
from collections.abc import Iterator

import httpx
import pytest

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.downloads.resolvers import asker as asking
from heygem.downloads.resolvers.asker import Answer, Asker, is_same_origin
from tests.downloads.resolvers.conftest import Serve
from tests.downloads.resolvers.stand_in import CONTENT, Asked, Reply

SECRETS = {"Authorization": "secret", "Cookie": "id=secret", "X-Token": "secret", "Referer": "http://home/"}


@pytest.fixture
def asker() -> Iterator[Asker]:
    asker = Asker(20, 10)
    yield asker
    asker.close()


def test_nothing_secret_goes_to_another_host_and_back_to_none(serve: Serve, asker: Asker):
    def answer(asked: Asked) -> Reply:
        away = f"http://localhost:{server.server.server_port}/away"
        leads = {"/start": "/here", "/here": away, "/away": f"{server.here}/back"}
        location = leads.get(asked.path)
        return Reply(302, headers={"Location": location, "Set-Cookie": "own=1"}) if location else Reply(body=CONTENT)

    server = serve(answer)
    assert asker.ask("GET", f"{server.here}/start", SECRETS).content == CONTENT
    secret = {asked.path for asked in server.seen if "secret" in repr(asked.headers)}
    assert secret == {"/start", "/here"}
    assert all(asked.headers["referer"] == "http://home/" for asked in server.seen)
    assert server.seen[-1].headers["cookie"] == "own=1"


@pytest.mark.parametrize(
    ("status", "method", "then", "body"),
    [
        (302, "POST", "GET", b""),
        (303, "PROPFIND", "GET", b""),
        (301, "PROPFIND", "PROPFIND", b"a=1"),
        (307, "POST", "POST", b"a=1"),
        (303, "HEAD", "HEAD", b"a=1"),
    ],
)
def test_a_redirection_keeps_or_drops_what_was_sent(
    serve: Serve, asker: Asker, status: int, method: str, then: str, body: bytes
):
    server = serve(lambda asked: Reply(status, headers={"Location": "/on"}) if asked.path == "/" else Reply())
    asker.ask(method, f"{server.here}/", data={"a": "1"})
    assert (server.seen[-1].method, server.seen[-1].body) == (then, body)


def test_circles_and_large_answers_come_to_an_end(serve: Serve, asker: Asker, monkeypatch: pytest.MonkeyPatch):
    server = serve(lambda asked: Reply(302, headers={"Location": "/"}) if asked.path == "/" else Reply(body=CONTENT))
    with pytest.raises(SourceError) as circle:
        asker.ask("GET", f"{server.here}/")
    monkeypatch.setattr(asking, "MOST_BYTES", 1000)
    with pytest.raises(SourceError) as large:
        asker.ask("GET", f"{server.here}/large")
    assert asker.ask("GET", f"{server.here}/large", is_head=True).size_bytes == len(CONTENT)
    assert {error.value.context["reason"] for error in (circle, large)} == {SourceProblem.ANSWER_UNREADABLE}


@pytest.mark.parametrize(
    ("url", "problem"),
    [("http://127.0.0.1:9/", SourceProblem.UNREACHABLE), ("http://", SourceProblem.ADDRESS_INVALID),
     ("ftp://host/", SourceProblem.ADDRESS_INVALID), ("http://\u0000/", SourceProblem.ADDRESS_INVALID)],
)  # fmt: skip
def test_faults_of_the_network_are_told(asker: Asker, url: str, problem: SourceProblem):
    with pytest.raises(SourceError) as caught:
        asker.ask("GET", url)
    assert caught.value.context["reason"] == problem


def test_silence_comes_to_an_end(serve: Serve):
    def answer(_: Asked) -> Reply:
        time.sleep(0.3)
        return Reply()

    asker = Asker(0.1, 10)
    with pytest.raises(SourceError) as caught:
        asker.ask("GET", serve(answer).here)
    asker.close()
    assert caught.value.context["reason"] == SourceProblem.TIMED_OUT


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "login_needed"),
        (403, "forbidden"),
        (404, "not_found"),
        (410, "share_expired"),
        (429, "busy"),
        (503, "busy"),
        (418, "HTTP 418"),
    ],
)
def test_a_status_becomes_a_reason(status: int, reason: str):
    assert Answer("http://host/", status, httpx.Headers()).refusal().context == {"source": "host", "reason": reason}


def test_a_login_that_no_header_can_hold_is_told():
    for kinds, reason in (("Digest realm=x", "login_unknown"), ("Digest realm=x, Basic realm=x", "login_needed")):
        answer = Answer("http://host/", 401, httpx.Headers({"WWW-Authenticate": kinds}))
        assert answer.refusal().context["reason"] == reason


def test_one_origin():
    assert is_same_origin("https://host/a", "https://HOST:443/b")
    assert is_same_origin("https://host/a", "http://host/b")
    assert not is_same_origin("http://host/a", "https://host/b")
    assert not is_same_origin("https://host:8443/a", "https://host/b")
    assert not is_same_origin("https://host.example/a", "https://host/b")
