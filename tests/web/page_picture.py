"""Takes the picture of the page that the README shows, during a true batch: `python -m tests.web.page_picture`.

The person is scikit-image's astronaut (NASA, public domain) and the voice a sample that comes with gradio.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import gradio
import skimage
from playwright.sync_api import sync_playwright

from heygem.config.settings import ROOT
from tests.serving import free_port
from tests.web.conftest import find_chromium, run_server

PICTURE: Final = ROOT / "docs" / "page.png"
PERSON: Final = Path(skimage.__file__).parent / "data" / "astronaut.png"
VOICE: Final = Path(gradio.__file__).parent / "media_assets" / "audio" / "cate_blanch.mp3"
TITLES: Final = ("宇航员", "开场白", "产品介绍", "结束语")
WIDTH: Final = 1280
PATIENCE_MS: Final = 600_000


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        people = [Path(shutil.copy(PERSON, folder / f"{title}.png")) for title in TITLES]
        voice = Path(shutil.copy(VOICE, folder / "问候.wav"))
        port = free_port()
        places = ("outputs", "cache", "logs", "data", "inputs")
        folders = {f"HEYGEM_PATHS__{place.upper()}": str(folder / place) for place in places}
        command = [sys.executable, "app.py", "serve", "--port", str(port)]
        with run_server(command, port, folder / "server.log", cwd=ROOT, env=os.environ | folders):
            take(f"http://127.0.0.1:{port}/", people, voice)


def take(address: str, people: Sequence[Path], voice: Path) -> None:
    """A batch at work: one video is made, one is being made, the others wait."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(locale="zh-CN", viewport={"width": WIDTH, "height": 800})
        page.set_default_timeout(PATIENCE_MS)
        page.goto(address)
        page.wait_for_selector("#people .hg-drop-call")
        page.set_input_files("#voices input[type=file]", voice)
        page.set_input_files("#people input[type=file]", list(people))
        page.wait_for_function(f"document.querySelectorAll('#draft .hg-thumb img').length >= {len(people)}")
        page.click("#start-batch")
        jobs = page.locator("#board .hg-item[data-kind=job]")
        jobs.nth(0).get_by_text("已完成").wait_for()
        jobs.nth(1).get_by_text("生成画面").wait_for()
        page.mouse.move(0, 0)
        page.screenshot(path=PICTURE, full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
