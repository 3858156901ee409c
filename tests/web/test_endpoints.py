"""The endpoints as programs use them, the guard around uploads, and how the server ends."""

import json
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file  # type: ignore[import-untyped]  # it ships no types

from tests.serving import free_port
from tests.web.conftest import HERE, run_server


@pytest.fixture(scope="module")
def client(address: str, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(address, verbose=False, download_files=str(tmp_path_factory.mktemp("client")))


def ask(client: Client, endpoint: str, *values: object) -> Any:
    return client.predict(*values, api_name=endpoint)


def generate(client: Client, media: Path, voice: str) -> str:
    person, sound = handle_file(str(media / "person.flv")), handle_file(str(media / voice))
    return str(ask(client, "/generate", sound, person, "left", 1, "en")[0])


def wait_for_end(client: Client, job: str) -> dict[str, Any]:
    while (status := ask(client, "/status", job))["state"] in ("queued", "running"):
        time.sleep(0.3)
    return dict(status)


def test_a_program_can_generate(client: Client, media: Path) -> None:
    status = wait_for_end(client, generate(client, media, "quick.wav"))
    assert (status["state"], status["percent"], status["error"]) == ("succeeded", 100, None)
    assert Path(status["output"]).stat().st_size > 1000


def test_a_program_can_cancel(client: Client, media: Path) -> None:
    job = generate(client, media, "slow.wav")
    ask(client, "/cancel", job)
    assert wait_for_end(client, job)["error_code"] == "CANCELLED"


def test_a_program_can_make_a_batch_and_try_again(client: Client, media: Path) -> None:
    voices, people = (
        [handle_file(str(media / name)) for name in names] for names in (["quick.wav"], ["person.mp4", "flaky.mp4"])
    )
    batch = ask(client, "/submit_batch", voices, people, "ours", "P", "largest")
    assert (batch["name"], batch["total"], len(batch["jobs"])) == ("ours", 2, 2)
    states = {job: wait_for_end(client, job)["state"] for job in batch["jobs"]}
    assert sorted(states.values()) == ["failed", "succeeded"]
    assert ask(client, "/batch_status", batch["batch"])["state"] == "ended"
    failed = next(job for job, state in states.items() if state == "failed")
    ask(client, "/retry", failed)
    assert wait_for_end(client, failed)["state"] == "succeeded"


def test_a_program_can_cancel_a_batch(client: Client, media: Path) -> None:
    voice, person = handle_file(str(media / "slow.wav")), handle_file(str(media / "person.mp4"))
    batch = ask(client, "/submit_batch", [voice], [person], "", "", "largest")
    ask(client, "/cancel_batch", batch["batch"])
    assert wait_for_end(client, batch["jobs"][0])["error_code"] == "CANCELLED"


def test_a_batch_without_a_voice_is_refused(client: Client, media: Path) -> None:
    refused = ask(client, "/submit_batch", [], [handle_file(str(media / "person.mp4"))], "", "", "largest")
    assert (refused["state"], refused["error_code"]) == ("refused", "INPUT_MISSING")
    assert ask(client, "/batch_status", "nothing") == {"state": "unknown"}


def test_an_unknown_job_is_no_fault(client: Client) -> None:
    assert ask(client, "/status", "nobody") == {"state": "unknown"}
    assert ask(client, "/cancel", "nobody") == {"state": "unknown"}


@pytest.mark.parametrize(
    "value",
    ["/etc/hostname", {"path": "/etc/hostname"}, {"path": "/etc/hostname", "meta": {"_type": "gradio.FileData"}}],
)
def test_a_path_that_is_no_upload_is_refused(address: str, value: object) -> None:
    body = json.dumps({"data": [value, value, "largest", 1, "en"]}).encode()
    request = urllib.request.Request(
        f"{address}gradio_api/run/generate", body, headers={"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 500
    refused.value.close()


def test_files_outside_the_outputs_are_not_served(address: str) -> None:
    for path in ("/etc/hostname", str(HERE / "conftest.py")):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(f"{address}gradio_api/file={path}")
        assert refused.value.code == 403
        refused.value.close()


def test_a_job_outlives_its_server(media: Path, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, str(HERE / "serve_fake.py"), str(port), str(tmp_path)]
    with run_server(command, port, tmp_path / "server.log"):
        job = generate(Client(f"http://127.0.0.1:{port}/", verbose=False), media, "voice.wav")
    with run_server(command, port, tmp_path / "server.log"):
        status = wait_for_end(Client(f"http://127.0.0.1:{port}/", verbose=False), job)
    assert status["state"] == "succeeded"
    assert [str(path) for path in tmp_path.glob("outputs/*/*/*.mp4")] == [status["output"]]


def test_a_signal_ends_the_server_even_in_a_job(media: Path, tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, str(HERE / "serve_fake.py"), str(port), str(tmp_path)]
    with run_server(command, port, tmp_path / "server.log") as server:
        generate(Client(f"http://127.0.0.1:{port}/", verbose=False), media, "slow.wav")
        server.send_signal(signal.SIGTERM)
        assert server.wait(15) == 0
    assert (tmp_path / "server.log").read_text().strip() == f"页面已就绪：http://127.0.0.1:{port}/"
    assert list(tmp_path.glob("outputs/*/*/*.mp4")) == []
