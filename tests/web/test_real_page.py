"""The whole product from the page: a real clip, a real voice, the real engine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import pytest
from playwright.sync_api import expect

from heygem.config.settings import ROOT
from heygem.media.probe import probe_audio, probe_video
from tests.web.conftest import OpenPage, free_port, run_server
from tests.web.test_page import find_percent

CLIPS = ROOT.parent / "shared" / "clips"
PERSON = CLIPS / "test" / "grid_multi" / "id007_1448a660.mp4"
VOICE = CLIPS / "voices" / "echomimic_v2_b2b954_news.flac"
VOICE_S = 1.6
PATIENCE_MS = 180_000

pytestmark = pytest.mark.skipif(
    not (PERSON.is_file() and VOICE.is_file()), reason="the clips of real people are not here"
)


@pytest.fixture
def real_address(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "app.py", "serve", "--port", str(port), "--output-dir", str(tmp_path / "outputs")]
    folders = {"HEYGEM_PATHS__CACHE": str(tmp_path / "cache"), "HEYGEM_PATHS__LOGS": str(tmp_path / "logs")}
    with run_server(command, port, tmp_path / "server.log", cwd=ROOT, env=os.environ | folders):
        yield f"http://127.0.0.1:{port}/"


def test_a_real_person_says_a_real_voice(open_page: OpenPage, real_address: str, tmp_path: Path) -> None:
    voice = tmp_path / "news.wav"
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    subprocess.run([ffmpeg, "-v", "error", "-i", str(VOICE), "-t", str(VOICE_S), str(voice)], check=True)
    page = open_page(real_address)
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
