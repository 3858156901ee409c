"""Who is let in, and what is refused before it is read."""

import socket

import httpx
import pytest
from starlette.datastructures import Headers

from heygem.web.rest import jobs
from heygem.web.rest.guard import is_local
from tests.web.rest.conftest import Api, Served


def ask(api: Api, method: str = "GET", **headers: str) -> httpx.Response:
    return api.client.request(method, "/jobs", headers=headers)


def test_a_token_is_needed_where_one_is_set(serve_api: Served) -> None:
    with serve_api(api={"token": "open sesame"}) as api:
        for refused in ({}, {"Authorization": "Bearer open"}, {"Authorization": "Basic open sesame"}):
            answer = ask(api, **refused)
            assert (answer.status_code, answer.json()["code"]) == (401, "API_TOKEN")
            assert answer.headers["www-authenticate"] == "Bearer"
        assert api.submit().status_code == 401 and api.is_tidy()
        assert ask(api, Authorization="Bearer open sesame", Host="heygem.example").status_code == 200
        assert api.client.get("/openapi.json").status_code == 200
        assert api.client.get("/jobs/openapi.json").status_code == 401


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1", "[::1]:7860"])
def test_without_a_token_this_machine_may_ask_by_its_own_names(api: Api, host: str) -> None:
    assert ask(api, Host=host).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example"]
)
def test_a_site_that_calls_this_machine_its_own_is_refused(api: Api, host: str) -> None:
    assert ask(api, Host=host, Origin=f"http://{host}").status_code == 401


@pytest.mark.parametrize(("client", "is_let_in"), [("127.0.0.1", True), ("::1", True), ("10.0.0.7", False)])
def test_other_machines_are_refused_without_a_token(client: str, is_let_in: bool) -> None:
    assert is_local({"client": (client, 1)}, Headers({"host": "localhost"})) is is_let_in


def test_another_sites_page_cannot_submit(api: Api) -> None:
    files = {"person": ("person.mp4", b"1"), "voice": ("voice.wav", b"1")}
    for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
        answer = api.client.post("/jobs", files=files, headers={"Origin": origin})
        assert (answer.status_code, answer.json()["code"]) == (403, "ORIGIN_FOREIGN")
    assert api.is_tidy() and not api.queue.list_jobs()
    own = f"http://{httpx.URL(api.url).netloc.decode()}"
    assert api.client.post("/jobs", files=files, headers={"Origin": own}).status_code == 201


def test_what_is_too_large_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "MAX_BYTES", 1_000_000)
    files = {"person": ("person.mp4", bytes(1_000_001)), "voice": ("voice.wav", b"1")}
    answer = api.client.post("/jobs", files=files)
    assert (answer.status_code, answer.json()["code"]) == (413, "UPLOAD_TOO_LARGE")
    assert api.is_tidy()


def test_what_the_disk_has_no_room_for_is_refused_unread(serve_api: Served) -> None:
    with serve_api(limits={"disk_reserve_mb": 10**9}) as api:
        answer = api.submit()
        assert (answer.status_code, answer.json()["code"]) == (507, "DISK_FULL")
        assert answer.json()["context"]["needed_mb"] >= 10**9


@pytest.mark.parametrize(("header", "status"), [("Content-Length: 99000000", 413), ("Transfer-Encoding: chunked", 411)])
def test_json_that_may_be_endless_is_refused_unread(api: Api, header: str, status: int) -> None:
    address = httpx.URL(api.url)
    head = (
        f"POST {address.path}/batches HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{header}\r\n\r\n"
    )
    with socket.create_connection((address.host, address.port or 80), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(12) == f"HTTP/1.1 {status}".encode()


def test_every_error_has_the_same_form(api: Api) -> None:
    site = api.url.removesuffix("/api/v1")
    for answer, status in (
        (api.client.get("/nothing"), 404),
        (api.client.put("/jobs"), 405),
        (api.client.post("/jobs", content=b"{", headers={"Content-Type": "application/json"}), 422),
        (api.client.post("/batches", content=b"{", headers={"Content-Type": "application/json"}), 422),
        (api.client.post("/jobs", content=b"x", headers={"Content-Type": "text/plain"}), 415),
        (api.client.post("/jobs", content=b"x", headers={"Content-Type": "multipart/form-data; boundary=a"}), 422),
        (httpx.get(f"{site}/nothing"), 404),
    ):
        assert answer.status_code == status
        assert set(answer.json()) == {"code", "message_zh", "message_en", "context"}
    assert api.client.put("/jobs").headers["allow"] == "GET, POST"
