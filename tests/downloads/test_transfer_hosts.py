"""Who is told what: credentials stay with their host along redirects and proxies, and links are not followed anew."""

import os
import threading
from pathlib import Path

import pytest

from heygem.domain.model_errors import DownloadFailedError
from tests.downloads.range_server import Plan, Request, serving
from tests.downloads.socks_server import serving_socks
from tests.downloads.wish import PlainSource, Wish, make_content

SIZE = 200_000
CONTENT = make_content(SIZE)
HEADERS = {
    "Authorization": "Bearer hf_secret",
    "Cookie": "session=secret",
    "X-Api-Key": "secret",
    "Referer": "https://pages.example/share",
    "User-Agent": "netdisk",
}


@pytest.fixture
def wish(tmp_path: Path) -> Wish:
    return Wish(CONTENT, tmp_path / "model.pth")


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    return monkeypatch


def test_what_is_meant_for_one_host_is_not_sent_to_the_next(wish: Wish):
    with serving(CONTENT) as store, serving(CONTENT) as front:
        front.plan = lambda _: Plan(status=302, headers={"Location": store.url.replace("127.0.0.1", "localhost")})
        wish.fetch(PlainSource(front.url, headers=HEADERS))
    assert wish.is_there
    assert front.requests[0].headers["authorization"] == "Bearer hf_secret"
    for request in store.requests:
        assert {"authorization", "cookie", "x-api-key"}.isdisjoint(request.headers)
        assert (request.headers["referer"], request.headers["user-agent"]) == (HEADERS["Referer"], "netdisk")
        assert "secret" not in str(request.headers)


def test_a_redirect_on_the_same_host_keeps_the_headers(wish: Wish):
    def plan(request: Request) -> Plan:
        return Plan() if request.path == "/final" else Plan(status=307, headers={"Location": "/final"})

    with serving(CONTENT, plan) as server:
        wish.fetch(PlainSource(server.url, headers=HEADERS))
    assert wish.is_there
    assert all(request.headers["cookie"] == "session=secret" for request in server.requests)
    assert sum(request.path != "/final" for request in server.requests) == 1  # what it leads to is remembered


def test_where_a_redirect_leads_is_asked_anew_once_it_is_no_good_any_more(wish: Wish):
    def plan(request: Request) -> Plan:
        if request.path == "/file.bin":
            return Plan(status=302, headers={"Location": f"/signed{request.number}"})
        return Plan(send=SIZE // 8) if request.path == "/signed0" and request.number < 4 else later(request)

    def later(request: Request) -> Plan:
        return Plan(status=403) if request.path == "/signed0" else Plan()

    with serving(CONTENT, plan) as server:
        source = PlainSource(server.url)
        wish.fetch(source)
    assert wish.is_there and source.renewals == 0


def test_a_name_and_password_in_the_address_go_no_further(wish: Wish):
    with serving(CONTENT) as store, serving(CONTENT) as front:
        front.plan = lambda _: Plan(status=302, headers={"Location": store.url.replace("127.0.0.1", "localhost")})
        wish.fetch(front.url.replace("http://", "http://me:secret@"))
    assert wish.is_there
    assert front.requests[0].headers["authorization"].startswith("Basic ")
    assert all("authorization" not in request.headers for request in store.requests)


def test_the_proxy_of_the_environment_is_used_but_where_it_is_not_to_be(wish: Wish, no_proxy: pytest.MonkeyPatch):
    with serving(CONTENT) as proxy:
        no_proxy.setenv("http_proxy", proxy.url.removesuffix("/file.bin"))
        wish.fetch("http://models.example/file.bin")
        assert wish.is_there
        assert {request.path for request in proxy.requests} == {"http://models.example/file.bin"}
        wish.target.unlink()
        proxy.requests.clear()
        no_proxy.setenv("no_proxy", "localhost")
        with serving(CONTENT) as server:
            wish.fetch(server.url.replace("127.0.0.1", "localhost"))
        assert wish.is_there and proxy.requests == []


def test_a_socks_proxy_of_the_environment_is_used(wish: Wish, no_proxy: pytest.MonkeyPatch):
    with serving(CONTENT) as server, serving_socks(server.http.server_port) as (address, hosts):
        no_proxy.setenv("all_proxy", address)
        wish.fetch("http://models.example/file.bin")
    assert wish.is_there and set(hosts) == {b"models.example"}


def test_a_proxy_that_is_none_is_named(wish: Wish):
    with pytest.raises(DownloadFailedError, match="ftp"):
        wish.fetch("http://models.example/file.bin", proxy="ftp://127.0.0.1:9")


def test_the_proxy_of_the_rules_comes_first(wish: Wish, no_proxy: pytest.MonkeyPatch):
    no_proxy.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(CONTENT) as proxy:
        wish.fetch("http://models.example/file.bin", proxy=proxy.url.removesuffix("/file.bin"))
    assert wish.is_there


def test_threads_end_with_the_transfer(wish: Wish):
    with serving(CONTENT) as server:
        wish.fetch(server.url)
    assert [thread for thread in threading.enumerate() if thread.name == "download"] == []
