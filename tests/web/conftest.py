"""A served page and a Chromium to look at it with. Both are started once for all tests of this folder."""

import shutil
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.fakes import write_video
from tests.serving import free_port

HERE: Final = Path(__file__).parent
PATIENCE_MS: Final = 60_000
MANY: Final = 300
START_S: Final = 180  # it takes five, but not on a machine that trains a network beside
# Chromium says so when a page asks for a codec that it lacks, which is what some tests are about.
HARMLESS: Final = ("DEMUXER_ERROR", "MEDIA_ERR_SRC_NOT_SUPPORTED")

OpenPage: TypeAlias = Callable[..., Page]


def find_chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextmanager
def run_server(command: list[str], port: int, log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Runs `command` until it answers on `port`, ends it by SIGTERM afterwards."""
    with log.open("wb") as sink, subprocess.Popen(command, stdout=sink, stderr=sink, **options) as process:
        try:
            _wait_until_up(process, port, log)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/gradio_api/startup-events", timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise AssertionError(f"the server did not start:\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="session")
def address(folder: Path) -> Iterator[str]:
    """Of the page over the fake engine, with two folders on the server."""
    port = free_port()
    write_video(folder / "inputs" / "team" / "a.mp4", 1)
    shutil.copy(folder / "inputs" / "team" / "a.mp4", folder / "inputs" / "team" / "b.mp4")
    (folder / "inputs" / "long").mkdir()
    for number in range(MANY):
        (folder / "inputs" / "long" / f"{number}.mp4").touch()
    (folder / "inputs" / "voice.wav").touch()
    command = [sys.executable, str(HERE / "serve_fake.py"), str(port), str(folder)]
    with run_server(command, port, folder / "server.log"):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with people, the words.txt and voices, by the names that serve_fake.py knows."""
    home = tmp_path_factory.mktemp("media")
    for name in ("person.mp4", "person.flv"):
        write_video(home / name, 1)
    for name in ("other.mp4", "flaky.mp4", "faceless.mp4", "broken.mp4", "crowd.mp4"):
        shutil.copy(home / "person.mp4", home / name)
    (home / "words.txt").write_text("no film at all")
    for name in ("voice.wav", "quick.wav", "slow.wav", "broken.wav"):
        with wave.open(str(home / name), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(16_000)
            sound.writeframes(b"\0\0" * 16_000)
    return home


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as driver:
        instance = driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        yield instance
        instance.close()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[OpenPage]:
    """Opens the page in a browser of its own. At the end nothing may have been wrong or gone to another machine."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(url: str = address, locale: str = "zh-CN", width: int = 1280, height: int = 800) -> Page:
        context = browser.new_context(locale=locale, viewport={"width": width, "height": height})
        contexts.append(context)
        page = context.new_page()
        watch(page, url, complaints)
        page.goto(url)
        page.wait_for_selector("#people .hg-drop-call")
        page.wait_for_function("document.documentElement.lang === 'zh-CN'")  # told by the first handlers
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def watch(page: Page, home: str, complaints: list[str]) -> None:
    page.set_default_timeout(PATIENCE_MS)

    def hear(kind: str, text: str) -> None:
        if kind == "error" and not any(word in text for word in HARMLESS):
            complaints.append(f"console: {text}")

    page.on("console", lambda message: hear(message.type, message.text))
    page.on("pageerror", lambda error: complaints.append(f"script: {error}"))
    page.on("request", lambda request: check_home(request.url, home, complaints))
    page.on(
        "response", lambda answer: complaints.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
    )


def check_home(url: str, home: str, complaints: list[str]) -> None:
    if not url.startswith((home, "blob:", "data:")):
        complaints.append(f"left this machine: {url}")
