"""The choice of an engine: told of while there is one alone, offered as soon as there are weights for another."""

import shutil
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.web.conftest import OpenPage


def open_choice(page: Page) -> None:
    page.get_by_role("tab", name="单个生成").click()
    page.click("#face button")


def test_weights_that_have_come_can_be_chosen(open_page: OpenPage, media: Path, folder: Path) -> None:
    page = open_page()
    open_choice(page)
    expect(page.locator("#face .hg-engine")).to_contain_text("在模型页下载 Wav2Lip 的权重后，可以在这里选用")
    expect(page.locator("#face").get_by_label("Wav2Lip")).to_have_count(0)
    weights = folder / "models" / "wav2lip" / "wav2lip_gan.pth"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    try:
        page.reload()
        open_choice(page)
        page.locator("#face").get_by_label("Wav2Lip").check()
        for name, file in (("voice", "quick.wav"), ("person", "person.mp4")):
            page.set_input_files(f"#{name} input[type=file]", media / file)
            expect(page.locator(f"#{name} .hg-drop")).to_have_attribute("data-phase", "ready")
        page.click("#start")
        page.wait_for_selector("#job .hg-result")
        assert (folder / "engine.txt").read_text() == "wav2lip"

        page.get_by_role("tab", name="批量处理（推荐）").click()
        for name, file in (("voices", "quick.wav"), ("people", "other.mp4")):
            page.set_input_files(f"#{name} input[type=file]", media / file)
        expect(page.locator("#plan")).to_contain_text("将生成 1 个视频")
        (folder / "engine.txt").unlink()
        page.click("#options button")
        page.locator("#options").get_by_label("Wav2Lip").check()
        page.click("#start-batch")
        expect(page.locator("#board")).to_contain_text("1/1")
        assert (folder / "engine.txt").read_text() == "wav2lip"
    finally:
        shutil.rmtree(weights.parent)
