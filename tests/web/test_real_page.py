"""The whole product from the page: real clips, a real voice, the real engine and its worker processes."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest
from playwright.sync_api import expect

from heygem.config.settings import ROOT
from heygem.media.probe import probe_audio, probe_video
from tests.serving import free_port
from tests.web.conftest import OpenPage, run_server
from tests.web.test_page import find_percent

CLIPS = ROOT.parent / "shared" / "clips"
PERSON = CLIPS / "test" / "grid_multi" / "id007_1448a660.mp4"
VOICE = CLIPS / "voices" / "echomimic_v2_b2b954_news.flac"
VOICE_S = 1.6
PATIENCE_MS = 180_000

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(not (PERSON.is_file() and VOICE.is_file()), reason="the clips of real people are not here"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("real")


@pytest.fixture(scope="module")
def real_address(home: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "app.py", "serve", "--port", str(port)]
    places = ("outputs", "cache", "logs", "data", "inputs")
    folders = {f"HEYGEM_PATHS__{place.upper()}": str(home / place) for place in places}
    with run_server(command, port, home / "server.log", cwd=ROOT, env=os.environ | folders):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    path = tmp_path / "news.wav"
    run_ffmpeg("-i", str(VOICE), "-t", str(VOICE_S), str(path))
    return path


def run_ffmpeg(*arguments: str) -> None:
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *arguments], check=True)


def test_a_real_person_says_a_real_voice(open_page: OpenPage, real_address: str, voice: Path, tmp_path: Path) -> None:
    page = open_page(real_address)
    page.get_by_role("tab", name="单个生成").click()
    page.set_input_files("#voice input[type=file]", voice)
    page.set_input_files("#person input[type=file]", PERSON)
    page.wait_for_function("document.querySelector('#person video').videoWidth > 0")
    expect(page.locator(".hg-drop[data-phase=ready]")).to_have_count(2)
    page.click("#start")
    page.wait_for_selector("#job .hg-progress")
    seen = set()
    while (percent := find_percent(page)) is not None:
        seen.add(percent)
        page.wait_for_timeout(300)
    assert len(seen) >= 3
    page.wait_for_selector("#job .hg-result", timeout=PATIENCE_MS)
    page.evaluate("document.querySelector('#job video').play()")
    page.wait_for_function(
        "(video => video.readyState >= 3 && video.currentTime > 0.5)(document.querySelector('#job video'))"
    )
    assert page.evaluate("document.querySelector('#job video').duration") == pytest.approx(VOICE_S, abs=0.1)
    with page.expect_download() as download:
        page.click("#job .hg-download")
    download.value.save_as(tmp_path / "copy.mp4")
    facts = probe_video(tmp_path / "copy.mp4")
    assert (facts.width, facts.height) == (probe_video(PERSON).width, probe_video(PERSON).height)
    assert facts.duration_s == pytest.approx(VOICE_S, abs=0.05)
    assert probe_audio(tmp_path / "copy.mp4").duration_s == pytest.approx(VOICE_S, abs=0.1)


def test_a_batch_with_a_corrupt_and_a_faceless_video(
    open_page: OpenPage, real_address: str, home: Path, voice: Path, tmp_path: Path
) -> None:
    """Two fail at once with their reasons, one succeeds; once the corrupt file has come whole, trying again works."""
    corrupt, faceless = tmp_path / "corrupt.mp4", tmp_path / "faceless.mp4"
    corrupt.write_bytes(PERSON.read_bytes()[:20_000])
    run_ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=1", str(faceless))
    page = open_page(real_address)
    page.set_input_files("#voices input[type=file]", voice)
    page.set_input_files("#people input[type=file]", [PERSON, corrupt, faceless])
    rows = page.locator("#draft .hg-item[data-kind=draft]")
    expect(rows).to_have_count(4)
    expect(page.locator("#draft [data-tone=wait]")).to_have_count(0)
    page.click("#start-batch")
    jobs = page.locator("#board .hg-item[data-kind=job]")
    expect(jobs).to_have_count(3)
    failed = jobs.filter(has_text="没有成功")
    expect(failed).to_have_count(2)
    expect(failed.filter(has_text="corrupt.mp4")).to_contain_text(re.compile(r"\[MEDIA_\w+\]"))
    expect(failed.filter(has_text="faceless.mp4")).to_contain_text("[FACE_NOT_FOUND]")
    expect(jobs.filter(has_text=PERSON.name)).to_contain_text("已完成", timeout=PATIENCE_MS)
    uploaded = next(home.glob("outputs/.work/inputs/*/corrupt.mp4"))
    uploaded.write_bytes(PERSON.read_bytes())
    failed.filter(has_text="corrupt.mp4").get_by_label("重试").click()
    expect(jobs.filter(has_text="已完成")).to_have_count(2, timeout=PATIENCE_MS)
    expect(failed).to_have_count(1)
