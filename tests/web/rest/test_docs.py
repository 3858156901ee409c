"""The examples of docs/api.md do what they say."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from heygem.config.settings import ROOT
from tests.web.rest.conftest import VIDEO, Api, Served
from tests.web.rest.test_fuzz import work


def find_examples(language: str, api: Api) -> list[str]:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    blocks = re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
    return [block.replace("http://127.0.0.1:7860/api/v1", api.url) for block in blocks]


def fill(folder: Path) -> None:
    for name in ("ann.mp4", "hello.wav", "inputs/team/ann.mp4", "inputs/team/bob.mp4", "inputs/hello.wav"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"1")


def test_the_python_example(serve_api: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with serve_api(work) as api:
        fill(tmp_path)
        api.services.start()
        try:
            exec(find_examples("python", api)[0], {})
        finally:
            api.services.close()
    assert (tmp_path / "out.mp4").read_bytes() == VIDEO


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl on this machine")
def test_the_examples_with_curl(api: Api, tmp_path: Path) -> None:
    fill(tmp_path)
    submissions, batch = find_examples("bash", api)
    script = f"set -e\n{submissions.partition('curl ' + api.url)[0]}\n{batch}".replace("curl ", "curl -sS --fail ")
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(job.request.person.name for job in api.queue.list_jobs()) == ["ann.mp4"] * 3 + ["bob.mp4"]
