"""Takes the picture of the page that the README shows, after a true generation: `python -m tests.web.page_picture`.

The person is scikit-image's astronaut (NASA, public domain) and the voice a sample that comes with gradio.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

import gradio
import skimage
from playwright.sync_api import Page, sync_playwright

from heygem.config.settings import ROOT
from tests.web.conftest import find_chromium, free_port, run_server

PICTURE: Final = ROOT / "docs" / "page.png"
PERSON: Final = Path(skimage.__file__).parent / "data" / "astronaut.png"
VOICE: Final = Path(gradio.__file__).parent / "media_assets" / "audio" / "recording1.wav"
WIDTH: Final = 1280
PATIENCE_MS: Final = 600_000


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        person = Path(shutil.copy(PERSON, folder / "宇航员.png"))
        voice = Path(shutil.copy(VOICE, folder / "问候.wav"))
        port = free_port()
        command = [sys.executable, "app.py", "serve", "--port", str(port), "--output-dir", str(folder / "outputs")]
        folders = {"HEYGEM_PATHS__CACHE": str(folder / "cache"), "HEYGEM_PATHS__LOGS": str(folder / "logs")}
        with run_server(command, port, folder / "server.log", cwd=ROOT, env=os.environ | folders):
            take(f"http://127.0.0.1:{port}/", person, voice)


def take(address: str, person: Path, voice: Path) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(locale="zh-CN", viewport={"width": WIDTH, "height": 800})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(address)
        page.wait_for_selector("#people .hg-drop-call")
        page.get_by_role("tab", name="单个生成").click()
        page.set_input_files("#voice input[type=file]", voice)
        page.set_input_files("#person input[type=file]", person)
        page.wait_for_function("document.querySelectorAll('.hg-drop[data-phase=ready]').length === 2")
        page.click("#start")
        page.wait_for_selector("#job .hg-result")
        show_speaking_frame(page)
        page.screenshot(path=PICTURE, full_page=True)
        browser.close()


def show_speaking_frame(page: Page) -> None:
    """Stops the result in its middle, and takes the pointer off the button."""
    page.mouse.move(0, 0)
    page.evaluate(
        "document.querySelector('#job video').currentTime = document.querySelector('#job video').duration / 2"
    )
    page.wait_for_timeout(1500)


if __name__ == "__main__":
    main()
