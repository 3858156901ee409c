"""Models as a user meets them, in Chromium: the first visit, a download that is watched, paused and used, an import."""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.downloads.file_server import FileServer, serving_files
from tests.downloads.shelf import content
from tests.serving import free_port
from tests.web.conftest import HERE, OpenPage, run_server

WEIGHTS, TASK = content("weights", 12_000_000), content("task", 40_000)
MANIFEST = """\
models:
  - name: wav2lip
    title: {{ zh: 公开权重, en: Public weights }}
    version: "1.0"
    path: wav2lip/wav2lip_gan.pth
    size: {weights_size}
    sha256: {weights}
    licence: {{ name: research only, notice: {{ zh: 仅限研究使用。, en: For research alone. }} }}
    download: [{{ url: "{url}/weights.pth" }}]
  - name: tracker
    title: {{ zh: 备用跟踪, en: Another tracker }}
    version: "1.0"
    path: tracker/tracker.task
    size: {task_size}
    sha256: {task}
    licence: {{ name: Apache-2.0 }}
    download: [{{ url: "{url}/nowhere.task" }}]
"""


@dataclass(frozen=True)
class Place:
    """The page, its folder, and the server that has the models."""

    url: str
    folder: Path
    files: FileServer


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    port = free_port()
    with serving_files() as files:
        files.files["/weights.pth"] = WEIGHTS
        facts = {"weights": hashlib.sha256(WEIGHTS).hexdigest(), "task": hashlib.sha256(TASK).hexdigest()}
        manifest = MANIFEST.format(url=files.url, weights_size=len(WEIGHTS), task_size=len(TASK), **facts)
        (tmp_path / "models").mkdir()
        (tmp_path / "models" / "manifest.yaml").write_text(manifest, encoding="utf-8")
        (tmp_path / "inputs").mkdir()
        command = [sys.executable, str(HERE / "serve_fake.py"), str(port), str(tmp_path)]
        with run_server(command, port, tmp_path / "server.log"):
            yield Place(f"http://127.0.0.1:{port}/", tmp_path, files)


def model(page: Page, title: str, where: str = "#models") -> Locator:
    return page.locator(f"{where} .hg-item[data-kind=model]", has_text=title)


def test_a_missing_model_is_fetched_watched_paused_and_used(place: Place, open_page: OpenPage):
    page = open_page(place.url)
    notice = page.locator("#models-notice")
    expect(notice).to_contain_text("有 2 个可选模型还没有下载")
    expect(page.get_by_role("radio", name="Wav2Lip")).to_have_count(0)
    notice.get_by_role("button", name="查看并下载").click()
    expect(notice.locator(".hg-item")).to_have_count(0)
    row = model(page, "公开权重")
    expect(row).to_contain_text("仅限研究使用。")
    place.files.close_gate(open_bytes=len(WEIGHTS) // 2)
    row.get_by_role("button", name="同意许可并下载").click()
    expect(row).to_contain_text("下载中")
    page.wait_for_function(
        "Number(document.querySelector('#models [role=progressbar]')?.getAttribute('aria-valuenow')) > 5"
    )
    page.get_by_role("tab", name="批量处理").click()  # it goes on, and is seen to
    expect(model(page, "公开权重", "#models-notice")).to_contain_text("下载中")
    model(page, "公开权重", "#models-notice").get_by_role("button", name="暂停").click()
    expect(model(page, "公开权重", "#models-notice")).to_contain_text("已暂停")
    assert not (place.folder / "models/wav2lip/wav2lip_gan.pth").exists()
    page.reload()
    place.files.gate.set()
    model(page, "公开权重", "#models-notice").get_by_role("button", name="继续下载").click()
    page.get_by_role("tab", name="模型", exact=True).click()
    expect(row).to_contain_text("已安装")
    assert (place.folder / "models/wav2lip/wav2lip_gan.pth").read_bytes() == WEIGHTS
    page.reload()
    page.get_by_role("tab", name="批量处理").click()
    page.get_by_role("button", name="批次设置").click()
    page.get_by_role("radio", name="Wav2Lip").check()


def test_a_failed_download_says_why_and_files_are_brought_by_hand(place: Place, open_page: OpenPage):
    page = open_page(place.url)
    page.locator("#models-notice").get_by_role("button", name="以后再说").click()
    page.reload()
    page.get_by_role("tab", name="模型", exact=True).click()
    row = model(page, "备用跟踪")
    row.get_by_role("button", name="下载").click()
    expect(row).to_contain_text("没有下载完成")
    page.get_by_text("导入本地的模型文件").click()
    (place.folder / "wrong.pth").write_bytes(b"another file")
    page.locator("#model-files input").set_input_files(place.folder / "wrong.pth")
    expect(page.locator("#models")).to_contain_text("“wrong.pth”与清单中的任何文件都不一致")
    page.get_by_role("button", name="关闭").click()
    (place.folder / "any name.bin").write_bytes(TASK)
    page.locator("#model-files input").set_input_files(place.folder / "any name.bin")
    expect(row).to_contain_text("已安装")
    (place.folder / "inputs" / "mine.pth").write_bytes(WEIGHTS)
    page.get_by_label("inputs 文件夹里的文件或文件夹").fill("mine.pth")
    page.get_by_role("button", name="导入", exact=True).click()
    expect(model(page, "公开权重")).to_contain_text("已安装")
    page.get_by_role("button", name="English").click()
    expect(model(page, "Public weights")).to_contain_text("installed")
    page.once("dialog", lambda dialog: dialog.accept())
    model(page, "Another tracker").get_by_role("button", name="Delete").click()
    expect(model(page, "Another tracker")).to_contain_text("not here")
    assert not (place.folder / "models/tracker/tracker.task").exists()
