"""Batches as programs submit, watch and change them."""

from typing import Any

import pytest

from tests.web.rest.conftest import Api, Served

WEBHOOK = "http://127.0.0.1:9/hook"


@pytest.fixture
def order(api: Api) -> dict[str, Any]:
    for name in ("ann.mp4", "bob.mp4", "hello.wav"):
        (api.folder / "inputs" / name).write_bytes(name.encode())
    items = [
        {"person": "ann.mp4", "voice": "hello.wav"},
        {"person": "bob.mp4", "voice": "hello.wav", "name": "Bob!", "face": "2", "project": "own"},
    ]
    return {"items": items, "name": "spring", "project": "greetings", "webhook": WEBHOOK, "priority": 2}


def test_a_batch_from_its_files_to_its_videos(api: Api, order: dict[str, Any]) -> None:
    answer = api.client.post("/batches", json=order)
    assert answer.status_code == 201
    batch = answer.json()
    assert (batch["name"], batch["counts"], batch["total"], batch["share"]) == ("spring", {"queued": 2}, 2, 0)
    jobs = api.client.get("/jobs", params={"batch": batch["batch_id"]}).json()["jobs"]
    assert [(job["person"], job["face"], job["project"]) for job in jobs] == [
        ("ann.mp4", "largest", "greetings"),
        ("bob.mp4", "2", "own"),
    ]
    assert jobs[1]["output"].startswith("heygem_Bob!_v")
    for job in jobs:
        api.finish(job["job_id"])
    done = api.client.get(f"/batches/{batch['batch_id']}").json()
    assert (done["counts"], done["ended"], done["share"]) == ({"succeeded": 2}, 2, 1)
    assert [one["batch_id"] for one in api.client.get("/batches").json()["batches"]] == [batch["batch_id"]]
    deliveries = [api.queue.claim_delivery() for _ in jobs]
    assert {one.body["job_id"] for one in deliveries if one} == {job["job_id"] for job in jobs}


def test_what_is_done_to_a_batch(api: Api, order: dict[str, Any]) -> None:
    batch_id = api.client.post("/batches", json=order | {"is_paused": True}).json()["batch_id"]

    def act(action: str) -> Any:
        return api.client.post(f"/batches/{batch_id}/{action}").json()["counts"]

    assert act("resume") == {"queued": 2}
    assert act("pause") == {"paused": 2}
    assert act("cancel") == {"cancelled": 2}
    assert act("retry") == {"queued": 2}
    unknown = api.client.post(f"/batches/{'0' * 32}/cancel")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "BATCH_NOT_FOUND")


def test_a_batch_is_submitted_whole_once_or_not_at_all(api: Api, order: dict[str, Any]) -> None:
    assert api.client.post("/batches", json=order, headers={"Idempotency-Key": "two words"}).status_code == 422
    key = {"Idempotency-Key": "night-run"}
    first, again = (api.client.post("/batches", json=order, headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["batch_id"] == again.json()["batch_id"]
    assert api.client.post("/batches", json=order | {"name": "summer"}, headers=key).status_code == 409
    missing = order | {"items": [*order["items"], {"person": "carl.mp4", "voice": "hello.wav"}]}
    assert api.client.post("/batches", json=missing).json()["context"]["name"] == "carl.mp4"
    wrongs: list[dict[str, Any]] = [{"items": []}, {"items": [{}]}, {"colour": 1}, {"priority": "2"}]
    for wrong in wrongs:
        assert api.client.post("/batches", json=order | wrong).status_code == 422
    assert len(api.queue.list_jobs()) == 2


def test_a_webhook_without_a_secret_is_refused(serve_api: Served) -> None:
    with serve_api() as api:
        refused = api.submit(webhook=WEBHOOK)
        assert (refused.status_code, refused.json()["code"]) == (409, "WEBHOOK_SECRET")
        assert api.is_tidy()
