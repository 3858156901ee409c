"""Every operation of openapi.json, with requests made from it and against it, while jobs run to their end."""

import subprocess
import sys
from pathlib import Path

from heygem.domain.job import JobState, LipSyncRequest, LipSyncResult
from heygem.domain.progress import CancelToken, ProgressSink
from tests.web.rest.conftest import SECRET, VIDEO, Served

TOKEN = "a token"


def work(request: LipSyncRequest, sink: ProgressSink, cancel: CancelToken, work_dir: Path) -> LipSyncResult:
    del sink, cancel, work_dir
    request.output.parent.mkdir(parents=True, exist_ok=True)
    request.output.write_bytes(VIDEO)
    request.output.with_suffix(".json").write_text("{}")
    return LipSyncResult(request.output, 50, 2.0)


def test_the_interface_is_as_documented(serve_api: Served, tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("schemathesis")), "run"]
    command += ["--checks", "all", "--max-examples", "25", "--generation-deterministic", "--no-color"]
    command += ["--exclude-checks", "use_after_free"]  # what was deleted is in the trash, and still known
    with serve_api(work, api={"webhook_secret": SECRET, "token": TOKEN}) as api:
        (api.folder / "inputs" / "team").mkdir()
        (api.folder / "inputs" / "team" / "ann.mp4").write_bytes(b"1")
        (api.folder / "inputs" / "hello.wav").write_bytes(b"1")
        api.services.start()
        try:
            done = subprocess.run(
                [*command, "--header", f"Authorization: Bearer {TOKEN}", f"{api.url}/openapi.json"],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=300,
            )
        finally:
            api.services.close()
        assert done.returncode == 0, done.stdout + done.stderr
        assert api.queue.list_jobs(states=[JobState.SUCCEEDED])
