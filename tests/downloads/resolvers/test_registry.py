"""A set of resolvers: who takes what, what is remembered, and what many threads ask for at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from heygem.domain.model_errors import SourceError, SourceProblem
from heygem.domain.models import DownloadSource
from heygem.downloads.link import Link
from heygem.downloads.resolvers import remembered
from heygem.downloads.resolvers.logins import Login
from heygem.downloads.resolvers.remembered import RememberedLink
from tests.downloads.resolvers.conftest import Build, Serve
from tests.downloads.resolvers.stand_in import CONTENT, WANTED, Asked, Reply, fetch

THREADS = 16


class Counting:
    """Resolves to a new link each time, once all threads wait for it."""

    def __init__(self, error: SourceError | None = None, lasts_s: float = 3600) -> None:
        self.times = 0
        self.may_go = threading.Event()
        self.error = error
        self.lasts_s = lasts_s

    def __call__(self) -> Link:
        self.may_go.wait(10)
        self.times += 1
        if self.error:
            raise self.error
        return Link(f"http://host/{self.times}", expires_at=datetime.now(UTC) + timedelta(seconds=self.lasts_s))


def ask_at_once(source: RememberedLink, counting: Counting) -> list[object]:
    def ask(_: int) -> object:
        try:
            return source.get_link().url
        except SourceError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        asked = [pool.submit(ask, number) for number in range(THREADS)]
        threading.Timer(0.1, counting.may_go.set).start()
        return [each.result() for each in asked]


def test_one_thread_asks_for_all():
    counting = Counting()
    assert ask_at_once(RememberedLink("host", counting), counting) == ["http://host/1"] * THREADS
    assert counting.times == 1


def test_a_failure_is_told_to_all_who_waited_and_asked_for_again_by_who_comes_later():
    counting = Counting(SourceError(source="host", reason=SourceProblem.NOT_FOUND))
    source = RememberedLink("host", counting)
    assert {type(found) for found in ask_at_once(source, counting)} == {SourceError}
    failed = counting.times
    counting.error = None
    assert failed < THREADS
    assert source.get_link().url == f"http://host/{failed + 1}"


def test_a_link_is_kept_until_it_is_stale_or_a_new_one_is_wanted(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(remembered, "FRESH_S", 3600.0)
    counting = Counting()
    counting.may_go.set()
    source = RememberedLink("host", counting)
    assert [source.get_link().url, source.get_link().url, source.get_link(renew=True).url] == ["http://host/1"] * 3
    monkeypatch.setattr(remembered, "FRESH_S", 0.0)
    assert source.get_link(renew=True).url == "http://host/2"
    counting.lasts_s = 30
    source.get_link(renew=True)
    assert source.get_link().url == "http://host/4"


def test_a_plain_address_goes_with_the_headers_of_its_source(serve: Serve, build: Build):
    server = serve(lambda asked: Reply(body=CONTENT) if asked.headers.get("referer") == "http://home/" else Reply(403))
    source = DownloadSource(f"{server.here}/model.pth", headers={"Referer": "http://home/"})
    opened = build().open(source, WANTED)
    assert opened.name == "127.0.0.1"
    assert fetch(opened.get_link()) == CONTENT


def test_a_plain_address_that_wants_a_login_gets_the_one_for_its_server(serve: Serve, build: Build):
    login = Login("", "ann", "secret")

    def answer(asked: Asked) -> Reply:
        is_known = asked.headers.get("authorization") == login.header["Authorization"]
        return Reply(body=CONTENT) if is_known else Reply(401, "<p>who are you?</p>", {"WWW-Authenticate": "Basic"})

    server = serve(answer)
    source = DownloadSource(f"{server.here}/model.pth")
    own, other = (replace(login, origin=origin) for origin in (server.here, server.there))
    assert fetch(build(logins=(own,)).open(source, WANTED).get_link()) == CONTENT
    with pytest.raises(SourceError) as caught:
        build(logins=(other,)).open(source, WANTED).get_link()
    assert caught.value.context["reason"] == SourceProblem.LOGIN_NEEDED


@pytest.mark.parametrize("url", ["gopher://host/model.pth", "model.pth", "", "http://[::1/model.pth"])
def test_an_address_that_no_resolver_knows_is_told_when_its_link_is_wanted(build: Build, url: str):
    opened = build().open(DownloadSource(url), WANTED)
    if not url.startswith("http"):
        with pytest.raises(SourceError) as caught:
            opened.get_link()
        assert caught.value.context["reason"] == SourceProblem.ADDRESS_INVALID


def test_nothing_that_lets_somebody_in_is_in_the_words_for_a_source_or_a_link():
    source = DownloadSource("https://ann:secret@host/x?sign=secret", headers={"Authorization": "secret"}, code="secret")
    link = Link("https://host/x?sign=secret", {"Cookie": "secret"})
    assert "secret" not in repr(source) + repr(link)
    assert (source.host, link.host) == ("host", "host")
