"""`ai-model-fetch` over a true server, with the services of the product."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from heygem.cli import add_default_command
from heygem.cli import app as whole_app
from heygem.commands.model_fetch import add_fetch, app, choose_sources
from heygem.commands.model_fetch_progress import ModelLines, shown_model_progress
from heygem.config.settings import ROOT
from heygem.config.strings import Translator
from heygem.domain.models import DownloadSource, ModelProgress, SourceProgress, TransferPhase
from heygem.downloads.region import Region
from tests.downloads.file_server import FileServer, serving_files
from tests.downloads.shelf import content

LARGE, SMALL = content("large", 900_000), content("small", 1000)

pytestmark = pytest.mark.usefixtures("own_log")


@pytest.fixture(autouse=True)
def own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("outputs", "cache", "logs", "data", "models"):
        monkeypatch.setenv(f"HEYGEM_PATHS__{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("HEYGEM_LANG", "en")
    monkeypatch.setenv("HEYGEM_DOWNLOADS__ATTEMPTS", "1")


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving_files() as server:
        yield server


@pytest.fixture
def manifest(server: FileServer, tmp_path: Path) -> Path:
    server.files |= {"/large.pth": LARGE, "/small.pth": SMALL}
    models = [
        {
            "name": name,
            "version": "1.0",
            "path": f"{name}/weights.pth",
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "licence": licence,
            "download": [{"url": f"{server.url}/{name}.pth"}],
        }
        for name, data, licence in (
            ("large", LARGE, "MIT"),
            ("small", SMALL, {"name": "research only", "notice": {"en": "Research alone.", "zh": "仅限研究。"}}),
        )
    ]
    path = tmp_path / "model-manifest.yaml"
    path.write_text(json.dumps({"models": models}))  # JSON is YAML
    return path


def run(*arguments: str | Path, stdin: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, add_fetch([str(argument) for argument in arguments]), input=stdin)
    return result.exit_code, result.stdout, result.stderr


def objects(text: str, event: str) -> list[dict[str, Any]]:
    return [line for line in map(json.loads, text.splitlines()) if line["event"] == event]


def test_fetch_is_what_is_done_without_a_command():
    assert add_fetch([]) == ["fetch"]
    assert add_fetch(["--manifest", "list", "-d", "x"]) == ["fetch", "--manifest", "list", "-d", "x"]
    assert add_fetch(["--json", "list", "wav2lip"]) == ["list", "--json", "wav2lip"]
    assert add_fetch(["wav2lip"]) == ["fetch", "wav2lip"] and add_fetch(["--help"]) == ["--help"]
    assert add_default_command(["models", "-m", "x"]) == ["models", "fetch", "-m", "x"]


def test_all_of_a_manifest_comes_into_the_folder(manifest: Path, tmp_path: Path):
    target = tmp_path / "my models"
    status, out, err = run("--manifest", manifest, "--target-dir", target, "--accept-licence")
    assert status == 0, err
    assert (target / "large/weights.pth").read_bytes() == LARGE and (target / "small/weights.pth").read_bytes() == SMALL
    assert out.splitlines() == [
        "large 1.0  installed  878.9 KB  MIT",
        "small 1.0  installed  1000 B  research only",
    ]
    assert "large downloading" in err and "large done" in err and "Research alone." in err
    assert run("verify", "-m", manifest, "-d", target)[0] == 0


def test_a_licence_is_asked_for_and_remembered(manifest: Path, server: FileServer, monkeypatch: pytest.MonkeyPatch):
    status, out, err = run("small", "-m", manifest)
    assert (status, out) == (2, "") and "Research alone." in err and err.endswith("[LICENCE_NOT_ACCEPTED]\n")
    monkeypatch.setattr("heygem.commands.model_fetch.is_somebody_there", lambda: True)
    assert run("small", "-m", manifest, stdin="n\n")[0] == 2 and not server.asked
    assert run("small", "-m", manifest, stdin="")[0] == 130  # the terminal is gone, or Ctrl-C
    status, _, err = run("small", "-m", manifest, stdin="y\n")
    assert status == 0 and "Do you agree?" in err
    assert "Research alone." not in run("small", "-m", manifest)[2]


def test_programs_read_one_object_a_line(manifest: Path, server: FileServer):
    status, out, _ = run("--json", "-m", manifest, "large")
    assert status == 0
    told = objects(out, "progress")
    assert told[-1]["phase"] == "done" and told[-1]["done_bytes"] == told[-1]["total_bytes"] == len(LARGE)
    assert any(source["name"] == "127.0.0.1" for line in told for source in line["sources"])
    (model,) = objects(out, "model")
    assert (model["model"], model["state"], model["installed_version"]) == ("large", "installed", "1.0")
    assert model["is_usable"] and model["files"][0]["sha256"] == hashlib.sha256(LARGE).hexdigest()
    del server.files["/small.pth"]
    status, out, _ = run("--json", "-m", manifest, "--accept-licence")
    assert status == 1
    (error,) = objects(out, "error")
    assert error["code"] == "DOWNLOAD_FAILED" and "small" in error["message"]
    assert [model["state"] for model in objects(out, "model")] == ["installed", "missing"]


def test_what_is_at_fault_says_so_by_its_exit_status(manifest: Path, tmp_path: Path):
    assert run("none", "-m", manifest)[2].endswith("[MODEL_UNKNOWN]\n")
    (broken := tmp_path / "broken.yaml").write_text("models:\n  - name: a\n    sise: 3\n")
    status, _, err = run("list", "-m", broken)
    assert status == 2 and "line 3: there is no field models[0].sise" in err and err.endswith("[MANIFEST_INVALID]\n")
    assert run("list", "-m", "http://127.0.0.1:9/m.yaml")[0] == 1
    (foreign := tmp_path / "foreign.pth").write_bytes(b"of nobody")
    status, out, _ = run("import", foreign, "-m", manifest, "--json")
    assert status == 2 and objects(out, "error")[0]["code"] == "MODEL_IMPORT"
    assert run("--connections", "0")[0] == 2 and run("--source", "nowhere", "large", "-m", manifest)[0] == 2


def test_import_verify_repair_and_remove(manifest: Path, tmp_path: Path, server: FileServer):
    (bag := tmp_path / "bag").mkdir()
    (bag / "x").write_bytes(LARGE)
    status, out, _ = run("import", bag, "--move", "-m", manifest)
    assert status == 0 and "as large/weights.pth of large" in out and not list(bag.iterdir())
    assert run("list", "-m", manifest)[1].splitlines()[1].startswith("small 1.0  not here")
    path = tmp_path / "models/large/weights.pth"
    path.write_bytes(LARGE[:-1] + b"?")
    status, out, _ = run("verify", "-m", manifest)
    assert status == 1 and "damaged" in out and not server.asked
    assert run("repair", "large", "-m", manifest)[0] == 0 and path.read_bytes() == LARGE
    assert run("remove", "large", "-m", manifest)[1] == "Removed large; 878.9 KB freed\n"
    assert not path.exists()


def test_resolve_shows_where_a_file_can_be_had(manifest: Path, server: FileServer):
    assert run("resolve", "large", "-m", manifest)[1] == f"{server.url}/large.pth\n"
    status, out, _ = run("resolve", f"{server.url}/large.pth", "--json")
    (link,) = objects(out, "link")
    assert status == 0 and link["url"] == f"{server.url}/large.pth" and link["source"] == "127.0.0.1"
    pasted = f"链接：{server.url}/large.pth　提取码：x7k2 复制这段内容"
    assert run("resolve", pasted)[:2] == (0, f"{server.url}/large.pth\n")
    status, _, err = run("resolve", "gopher://nowhere/x")
    assert status == 1 and "SOURCE_UNUSABLE" in err


def test_a_proxy_is_used_for_everything(manifest: Path, monkeypatch: pytest.MonkeyPatch, server: FileServer):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "")
        monkeypatch.setenv(name.upper(), "")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("NO_PROXY", "")
    text = manifest.read_text().replace(server.url, "http://models.example")
    manifest.write_text(text)
    server.files["http://models.example/large.pth"] = LARGE  # as a proxy is asked
    assert run("large", "-m", manifest, "--proxy", server.url)[0] == 0
    assert server.asked and set(server.asked) == {"http://models.example/large.pth"}


def test_one_source_can_be_chosen():
    sources = [DownloadSource("https://a.example/x", "cn"), DownloadSource("https://b.example/x", "global")]
    assert choose_sources(sources, "", Region.GLOBAL) == sources[::-1]
    assert choose_sources(sources, "A.example", Region.GLOBAL) == sources[:1]
    assert choose_sources(sources, "https://c.example/y", Region.CN) == [DownloadSource("https://c.example/y")]


def test_ctrl_c_keeps_what_is_there_and_the_same_command_goes_on(manifest: Path, server: FileServer, tmp_path: Path):
    server.close_gate(open_bytes=600_000)
    command = [sys.executable, "-m", "heygem.commands.model_fetch", "-m", str(manifest), "large", "--json"]
    child = subprocess.Popen(
        command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    for line in child.stdout:
        told = json.loads(line)
        if told["phase"] == "transferring" and told["done_bytes"]:
            break
    child.send_signal(signal.SIGINT)
    time.sleep(0.2)
    server.gate.set()
    out, err = child.communicate(timeout=30)
    assert child.returncode == 130, (out, err)
    assert err == "Stopped. What has come is kept; the same command goes on from there.\n"
    assert objects(out, "error")[0]["code"] == "CANCELLED"
    assert (
        list((tmp_path / "models/large").glob("weights.pth.part*"))
        and not (tmp_path / "models/large/weights.pth").exists()
    )
    assert run("large", "-m", manifest)[0] == 0
    assert (tmp_path / "models/large/weights.pth").read_bytes() == LARGE


def test_the_same_stands_under_app_py(manifest: Path):
    result = CliRunner().invoke(whole_app, add_default_command(["models", "list", "-m", str(manifest)]))
    assert result.exit_code == 0 and result.stdout.startswith("large 1.0  not here")


def test_progress_is_a_bar_on_a_terminal_and_a_few_lines_elsewhere():
    sources = (SourceProgress("huggingface.co", 8, 2e6, 10), SourceProgress("gone.example", 1, 0, 0, is_dropped=True))
    told = ModelProgress("wav2lip", TransferPhase.TRANSFERRING, 1 << 20, 4 << 20, 2 << 20, 65.0, sources)
    with contextlib.closing(open(os.devnull, "w")) as nowhere:  # noqa: PTH123
        console = Console(force_terminal=True, width=120, record=True, file=nowhere)
        with shown_model_progress(console, Translator("zh")) as sink:
            sink(told)
        text = console.export_text()
    assert "wav2lip 下载中" in text and "1.0 MB / 4.0 MB · 2.0 MB/s · 还需约 1:05 · huggingface.co 8" in text
    assert "gone.example" not in text
    lines: list[str] = []
    clock = iter(range(10_000))
    write = ModelLines(Translator("en"), lines.append, lambda: next(clock) / 100)
    for _ in range(1001):
        write(told)
    assert lines[0] == "wav2lip downloading 1.0 MB / 4.0 MB · 2.0 MB/s · about 1:05 left · huggingface.co 8"
    assert 1 < len(lines) < 5
