"""Jobs as programs submit, watch and change them."""

import socket
import threading
import time
from pathlib import Path

import httpx
import psutil
import pytest

from heygem.domain.errors import DatabaseError
from heygem.domain.library import OutputState
from heygem.domain.progress import Progress, Stage
from tests.archived import put_in_archive
from tests.web.rest.conftest import VIDEO, Api, Served


def job_id(answer: httpx.Response) -> str:
    return str(answer.json()["job_id"])


def test_a_job_from_its_upload_to_its_video(api: Api) -> None:
    answer = api.submit(name="Ann says hello", project="greetings", face="left", priority="3")
    assert answer.status_code == 201
    job = answer.json()
    assert (job["state"], job["face"], job["project"], job["priority"]) == ("queued", "left", "greetings", 3)
    assert (job["person"], job["voice"], job["owner"]) == ("person.mp4", "voice.wav", "api")
    assert job["output"] == "heygem_Ann_says_hello_v1.mp4"
    assert job["engine"] == "embedded"
    assert str(api.folder) not in answer.text
    assert api.client.get(f"/jobs/{job['job_id']}/result").status_code == 409
    request = api.queue.get_status(job["job_id"]).request
    assert (request.person.read_bytes(), request.voice.read_bytes()) == (b"a person", b"a voice")

    lease = api.claim(job["job_id"])
    api.queue.report(lease, Progress(Stage.RENDER, 25, 50, eta_s=1.5))
    running = api.client.get(f"/jobs/{job['job_id']}").json()
    assert (running["state"], running["share"]) == ("running", 0.7)
    assert running["progress"] == {"stage": "render", "done": 25, "total": 50, "share": 0.5, "eta_s": 1.5}
    api.succeed(lease)
    done = api.client.get(f"/jobs/{job['job_id']}").json()
    assert (done["state"], done["result"]["frame_count"], done["preflight"]["frame_count"]) == ("succeeded", 50, 50)
    assert (done["share"], done["progress"], done["attempts"]) == (1, None, 1)
    assert done["result"]["unchanged"] == [{"start_s": 0.4, "end_s": 0.8}]
    site = api.url.removesuffix("/api/v1")
    video = httpx.get(site + done["result"]["url"])
    assert (video.content, video.headers["content-type"]) == (VIDEO, "video/mp4")
    part = httpx.get(site + done["result"]["url"], headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, VIDEO[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(VIDEO)}"
    assert httpx.get(site + done["result"]["url"], headers={"Range": "bytes=9999-"}).status_code == 416
    assert httpx.get(site + done["result"]["sidecar_url"]).json() == {"version": 1}
    request.output.unlink()
    gone = api.client.get(f"/jobs/{job['job_id']}/result")
    assert (gone.status_code, gone.json()["code"]) == (404, "RESULT_GONE")


def test_a_result_is_sent_from_the_archive_and_told_to_be_in_the_trash(serve_api: Served, tmp_path: Path) -> None:
    (tmp_path / "nas").mkdir()
    with serve_api(archive={"url": str(tmp_path / "nas")}) as api:
        job, library = job_id(api.submit(name="年会")), api.services.library
        api.finish(job)
        output_id = library.add(api.queue.get_status(job).request.output, job)
        library.trash([output_id])
        thrown = api.client.get(f"/jobs/{job}/result")
        assert (thrown.status_code, thrown.json()["code"]) == (404, "RESULT_TRASHED")
        library.restore([output_id])
        assert api.services.archiving is not None
        put_in_archive(api.services.archiving.archiver, [output_id])
        assert library.get(output_id).state is OutputState.ARCHIVED
        whole = api.client.get(f"/jobs/{job}/result")
        assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, VIDEO, "video/mp4")
        assert "%E5%B9%B4%E4%BC%9A_v1.mp4" in whole.headers["content-disposition"]
        part = api.client.get(f"/jobs/{job}/result", headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, VIDEO[10:20])
        assert api.client.get(f"/jobs/{job}/result", headers={"Range": "bytes=9999-"}).status_code == 416
        assert api.client.get(f"/jobs/{job}/sidecar").json() == {"version": 1}
        (tmp_path / "nas").rename(tmp_path / "away")
        away = api.client.get(f"/jobs/{job}/result")
        assert (away.status_code, away.json()["code"]) == (503, "ARCHIVE_UNUSABLE")


def test_an_engine_is_taken_once_its_weights_are_there(api: Api) -> None:
    refused = api.submit(engine="wav2lip")
    assert (refused.status_code, refused.json()["code"]) == (409, "ENGINE_NOT_INSTALLED")
    assert api.submit(engine="another").status_code == 422
    weights = api.services.settings.paths.models / "wav2lip" / "wav2lip_gan.pth"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    job = api.submit(engine="wav2lip").json()
    assert job["engine"] == api.queue.get_status(job["job_id"]).request.engine == "wav2lip"


def test_a_video_is_filed_under_its_signature_or_else_its_owner(api: Api) -> None:
    for asked, signed in (
        ({"signature": "市场 部"}, "市场_部"),
        ({"signature": "sales", "owner": "crm"}, "sales"),
        ({"owner": "crm"}, "crm"),
        ({}, "heygem"),
    ):
        request = api.queue.get_status(job_id(api.submit(name="a", **asked))).request
        assert (request.output.parent.name, request.output.name) == (signed, f"{signed}_a_v1.mp4")


def test_files_of_the_server_are_named_not_sent(api: Api) -> None:
    (api.folder / "inputs" / "team").mkdir()
    (api.folder / "inputs" / "team" / "ann.mp4").write_bytes(b"ann")
    (api.folder / "inputs" / "hello.wav").write_bytes(b"hello")
    (api.folder / "secret.wav").write_bytes(b"secret")
    order = {"person": "team/ann.mp4", "voice": "hello.wav"}
    answer = api.client.post("/jobs", json=order)
    assert answer.status_code == 201
    assert api.queue.get_status(job_id(answer)).request.person == api.folder / "inputs" / "team" / "ann.mp4"
    for voice, status, code in (
        ("../secret.wav", 403, "PATH_OUTSIDE"),
        (str(api.folder / "secret.wav"), 403, "PATH_OUTSIDE"),
        ("nobody.wav", 404, "MEDIA_NOT_FOUND"),
        ("team", 404, "MEDIA_IS_FOLDER"),
        ("", 422, "REQUEST_INVALID"),
    ):
        refused = api.client.post("/jobs", json=order | {"voice": voice})
        assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert refused.json()["message_zh"] != refused.json()["message_en"]
    assert len(api.client.get("/jobs").json()["jobs"]) == 1


def test_the_same_key_submits_once(api: Api) -> None:
    first, again = api.submit("k1", face="left"), api.submit("k1", face="left")
    assert (first.status_code, again.status_code) == (201, 200)
    assert job_id(first) == job_id(again)
    assert api.kept_inputs() == ["person.mp4", "voice.wav"]
    other = api.submit("k1", face="right")
    assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY_CONFLICT")
    assert api.kept_inputs() == ["person.mp4", "voice.wav"]
    assert api.submit("k1", face="left", owner="another").status_code == 201


def test_two_at_once_by_one_key_submit_once(api: Api) -> None:
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(api.submit("k2"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({job_id(answer) for answer in answers}) == 1
    assert api.kept_inputs() == ["person.mp4", "voice.wav"]


def test_what_is_done_to_a_job(api: Api) -> None:
    first, second = job_id(api.submit()), job_id(api.submit())
    act = lambda what: api.client.post(f"/jobs/{first}/{what}")  # noqa: E731
    assert act("pause").json()["state"] == "paused"
    assert act("resume").json()["state"] == "queued"
    assert api.client.patch(f"/jobs/{second}", json={"move": -1}).json()["ahead"] == 0
    assert api.client.patch(f"/jobs/{first}", json={"priority": 5}).json()["ahead"] == 0
    assert act("cancel").json()["error"]["code"] == "CANCELLED"
    refused = act("pause")
    assert (refused.status_code, refused.json()["code"]) == (409, "JOB_STATE")
    assert act("retry").json()["state"] == "queued"
    assert api.client.delete(f"/jobs/{first}").status_code == 204
    assert api.client.get(f"/jobs/{first}").status_code == 404
    assert act("explode").status_code == 404


def test_jobs_are_listed_as_asked(api: Api) -> None:
    ids = [job_id(api.submit(project="even" if number % 2 == 0 else "odd")) for number in range(4)]
    api.client.post(f"/jobs/{ids[0]}/cancel")

    def listed(**query: object) -> list[str]:
        answer = api.client.get("/jobs", params=query)  # type: ignore[arg-type]  # httpx takes lists of texts too
        return [job["job_id"] for job in answer.json()["jobs"]]

    assert listed() == ids[::-1]
    assert listed(project="even") == [ids[2], ids[0]]
    assert listed(state=["cancelled", "running"]) == [ids[0]]
    assert listed(limit=2, offset=1) == [ids[2], ids[1]]
    assert listed(owner="nobody") == []
    assert api.client.get("/jobs", params={"limit": 0}).status_code == 422


@pytest.mark.parametrize(
    ("files", "fields", "field"),
    [
        (("person",), {}, "voice"),
        (("person", "voice", "extra"), {}, "extra"),
        (("person", "voice"), {"face": "upside down"}, "face"),
        (("person", "voice"), {"colour": "red"}, "colour"),
        (("person", "voice"), {"priority": "high"}, "priority"),
        (("person", "voice"), {"webhook": "ftp://x"}, "webhook"),
        (("person", "voice"), {"webhook": "http://me:pass@x"}, "webhook"),
        (("person", "voice"), {"name": "x" * 20_000}, "name"),
    ],
)
def test_a_form_that_is_wrong_leaves_nothing(
    api: Api, files: tuple[str, ...], fields: dict[str, str], field: str
) -> None:
    answer = api.client.post("/jobs", files={name: (f"{name}.bin", b"1") for name in files}, data=fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "REQUEST_INVALID")
    assert answer.json()["context"]["field"] == field
    assert api.is_tidy() and not api.queue.list_jobs()


def test_an_empty_file_is_refused_at_once(api: Api) -> None:
    files = {"person": ("person.mp4", b"1"), "voice": ("voice.wav", b"")}
    answer = api.client.post("/jobs", files=files)
    assert (answer.status_code, answer.json()["code"]) == (422, "MEDIA_EMPTY")
    assert api.is_tidy()


def test_an_upload_that_breaks_off_leaves_nothing(api: Api) -> None:
    with begin_upload(api):
        assert not api.is_tidy()
    _wait_for(api.is_tidy)
    assert not api.queue.list_jobs()


def test_an_upload_that_the_servers_end_cuts_off_leaves_nothing(serve_api: Served) -> None:
    with serve_api() as api:
        connection = begin_upload(api)
    connection.close()
    _wait_for(api.is_tidy)


def begin_upload(api: Api) -> socket.socket:
    """The first megabytes of a long one have been written when this returns."""
    address = httpx.URL(api.url)
    head = (
        f"POST {address.path}/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99000000\r\n"
        "Content-Type: multipart/form-data; boundary=XX\r\n\r\n"
        '--XX\r\nContent-Disposition: form-data; name="person"; filename="person.mp4"\r\n\r\n'
    )
    connection = socket.create_connection((address.host, address.port or 80))
    connection.sendall(head.encode() + bytes(3_000_000))
    _wait_for(lambda: sum(path.stat().st_size for path in _partial(api)) >= 1_000_000)
    return connection


def test_what_was_promised_is_kept_where_the_answer_fails(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise DatabaseError(reason="away")

    with monkeypatch.context() as broken:
        broken.setattr(type(api.queue), "get_status", fail)
        answer = api.submit()
    assert (answer.status_code, answer.json()["code"]) == (503, "DATABASE_UNUSABLE")
    [job] = api.queue.list_jobs()
    assert job.request.person.is_file() and job.request.voice.is_file()


def test_names_of_uploads_cannot_leave_their_folder(api: Api) -> None:
    files = {"person": ("../../a b.MP4", b"1"), "voice": ("C:\\sounds\\..wav", b"2")}
    assert api.client.post("/jobs", files=files).status_code == 201
    assert api.kept_inputs() == ["a_b.mp4", "untitled.wav"]


def test_a_large_upload_is_never_whole_in_memory(api: Api, tmp_path: Path) -> None:
    size = 300_000_000
    big = tmp_path / "big.mp4"
    with big.open("wb") as file:
        file.truncate(size)
    process, most = psutil.Process(), 0
    before = process.memory_info().rss
    done = threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(0.02):
            most = max(most, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    with big.open("rb") as sent:
        answer = api.client.post("/jobs", files={"person": ("big.mp4", sent), "voice": ("voice.wav", b"1")})
    done.set()
    watcher.join()
    assert answer.status_code == 201
    assert api.queue.get_status(job_id(answer)).request.person.stat().st_size == size
    assert most - before < 50_000_000


def _partial(api: Api) -> list[Path]:
    return list(api.folder.glob("outputs/.work/inputs/*/*"))


def _wait_for(is_so: object, patience_s: float = 10) -> None:
    assert callable(is_so)
    deadline = time.monotonic() + patience_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)
