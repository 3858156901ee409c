"""The tab for single videos as a user meets it, in Chromium, over a fake engine that writes a true video."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from heygem.media.probe import probe_audio, probe_video
from tests.web.conftest import OpenPage


@pytest.fixture
def open_single(open_page: OpenPage) -> OpenPage:
    """Opens the page and turns to its second tab."""

    def open_one(**options: Any) -> Page:
        page = open_page(**options)
        page.get_by_role("tab", name="单个生成").click()
        page.wait_for_selector("#person .hg-drop-call")
        return page

    return open_one


def upload(page: Page, media: Path, voice: str = "quick.wav", person: str = "person.mp4") -> None:
    page.set_input_files("#voice input[type=file]", media / voice)
    page.set_input_files("#person input[type=file]", media / person)
    for name in ("voice", "person"):
        expect(page.locator(f"#{name} .hg-drop")).to_have_attribute("data-phase", "ready")


def start(page: Page, media: Path, voice: str = "quick.wav") -> None:
    upload(page, media, voice)
    page.click("#start")
    page.wait_for_selector("#job section")


def find_percent(page: Page) -> int | None:
    """None once there is no bar any more."""
    value = page.evaluate("document.querySelector('#job .hg-bar')?.getAttribute('aria-valuenow')")
    return None if value is None else int(value)


def test_a_video_is_made_shown_and_downloaded(open_single: OpenPage, media: Path, tmp_path: Path) -> None:
    page = open_single()
    start(page, media, "voice.wav")
    expect(page.locator("#start")).to_be_disabled()
    seen = []
    while (percent := find_percent(page)) is not None:
        seen.append(percent)
        page.wait_for_timeout(400)
    assert seen == sorted(seen)
    assert len(set(seen)) >= 4
    result = page.locator("#job .hg-result")
    expect(result).to_contain_text("已完成")
    expect(result).to_contain_text("0:00.40-0:00.80")
    expect(page.locator("#start")).to_be_enabled()
    page.evaluate("document.querySelector('#job video').play()")
    page.wait_for_function("document.querySelector('#job video').currentTime > 0.3")
    with page.expect_download() as download:
        page.click("#job .hg-download")
    assert re.fullmatch(r"heygem_person_voice_v\d+\.mp4", download.value.suggested_filename)
    copy = tmp_path / "copy.mp4"
    download.value.save_as(copy)
    assert probe_video(copy).frame_count == 50
    assert probe_audio(copy).duration_s > 1.9


def test_progress_is_told_in_words(open_single: OpenPage, media: Path) -> None:
    page = open_single()
    start(page, media, "slow.wav")
    expect(page.locator("#job .hg-stage")).to_contain_text(re.compile(r"跟踪人脸 · \d+ / 50 帧"))
    expect(page.locator("#job .hg-eta")).to_contain_text(re.compile(r"剩余约 0:\d\d"))
    page.click("#cancel")
    expect(page.locator("#job")).to_contain_text("已取消")


def test_cancelling_leaves_nothing(open_single: OpenPage, media: Path, folder: Path) -> None:
    page = open_single()
    before = set(folder.glob("outputs/*/*/*.mp4"))
    start(page, media, "slow.wav")
    page.click("#cancel")
    expect(page.locator("#job .hg-notice")).to_contain_text("已取消")
    expect(page.locator("#cancel")).to_be_hidden()
    expect(page.locator("#start")).to_be_enabled()
    assert set(folder.glob("outputs/*/*/*.mp4")) == before


def test_an_error_is_a_sentence_in_both_languages(open_single: OpenPage, media: Path) -> None:
    page = open_single()
    start(page, media, "broken.wav")
    notice = page.locator("#job .hg-notice")
    expect(notice).to_contain_text("“broken.wav”不是可读取的媒体文件")
    expect(notice).to_contain_text("[MEDIA_UNREADABLE]")
    page.click("#language")
    expect(notice).to_contain_text("“broken.wav” is not a media file")


def test_what_is_missing_is_named_and_the_notice_goes(open_single: OpenPage, media: Path) -> None:
    page = open_single()
    page.click("#start")
    expect(page.locator("#notice")).to_contain_text("还缺少：语音、人物视频或照片")
    upload(page, media)
    expect(page.locator("#notice section")).to_have_count(0)


def test_the_language_is_switched_and_remembered(open_single: OpenPage) -> None:
    page = open_single(locale="en-US")
    expect(page.locator("#start")).to_have_text("开始生成")  # Chinese unless a user switches
    page.click("#language")
    expect(page.locator("#start")).to_have_text("Generate")
    expect(page.get_by_role("tab")).to_have_text(["Batch (recommended)", "Single", "History", "Models", "Live log"])
    expect(page.locator("#voice .hg-drop-title")).to_have_text("Voice")
    assert not re.search(r"[\u4e00-\u9fff]", page.inner_text("body").replace("中文", ""))
    page.reload()
    expect(page.locator("#start")).to_have_text("Generate")
    page.click("#language")
    expect(page.locator("#start")).to_have_text("开始生成")


def test_no_english_word_is_on_the_chinese_page(open_single: OpenPage) -> None:
    page = open_single()
    page.click("#face button")
    page.wait_for_timeout(500)
    words = set(re.findall(r"[A-Za-z]+", page.inner_text("body")))
    formats = {
        "WAV",
        "MP",
        "M",
        "A",
        "V",
        "AAC",
        "FLAC",
        "OGG",
        "MOV",
        "MKV",
        "WebM",
        "AVI",
        "FLV",
        "TS",
        "JPG",
        "PNG",
        "WebP",
    }
    assert words - formats == {"HeyGem", "English", "N", "Wav", "Lip"}


def test_two_browsers_do_not_disturb_each_other(open_single: OpenPage, media: Path) -> None:
    first, second = open_single(), open_single()
    start(first, media, "slow.wav")
    start(second, media)
    expect(second.locator("#job")).to_contain_text("前面还有 1 个任务")
    second.click("#cancel")
    expect(second.locator("#job")).to_contain_text("已取消")
    was = find_percent(first)
    first.wait_for_function(f"document.querySelector('#job .hg-bar').getAttribute('aria-valuenow') > {was}")
    expect(first.locator("#job .hg-badge")).to_have_text("生成中")
    first.click("#cancel")
    expect(first.locator("#job")).to_contain_text("已取消")


def test_a_reload_picks_the_job_up(open_single: OpenPage, media: Path) -> None:
    page = open_single()
    start(page, media, "voice.wav")
    page.reload()
    page.wait_for_selector("#job .hg-progress")
    expect(page.locator("#start")).to_be_disabled()
    page.wait_for_selector("#job .hg-result")
    page.reload()
    page.wait_for_selector("#job .hg-result")


def test_the_face_choice_reaches_the_job(open_single: OpenPage, media: Path, folder: Path) -> None:
    page = open_single()
    page.click("#face button")
    page.get_by_label("第 N 张").check()
    page.get_by_label("从左数第几张").click()
    page.get_by_role("option", name="3", exact=True).click()
    start(page, media)
    page.wait_for_selector("#job .hg-result")
    assert (folder / "face.txt").read_text() == "3"


def test_what_the_browser_cannot_play_is_shown_by_its_first_frame(open_single: OpenPage, media: Path) -> None:
    page = open_single()
    upload(page, media, person="person.flv")
    page.wait_for_selector("#person .hg-drop-stage img")
    expect(page.locator("#person .hg-drop-note")).to_contain_text("浏览器不能播放这种格式")


def test_what_is_no_film_is_refused_at_once(open_single: OpenPage, media: Path) -> None:
    page = open_single()
    upload(page, media, person="words.txt")
    note = page.locator("#person .hg-drop-note")
    expect(note).to_contain_text("[MEDIA_UNREADABLE]")
    page.click("#language")
    expect(note).to_contain_text("is not a media file")
    page.click("#person .hg-drop-remove")
    expect(page.locator("#person .hg-drop")).to_have_attribute("data-phase", "empty")
    expect(note).to_be_hidden()


def test_a_job_that_a_restart_forgot_is_missed(open_single: OpenPage) -> None:
    page = open_single()
    page.evaluate("sessionStorage.setItem('heygem-watching', 'yes')")  # as a tab that was showing progress
    page.reload()
    expect(page.locator("#job")).to_contain_text("找不到上一个任务")


def test_an_idle_page_asks_for_nothing(open_single: OpenPage) -> None:
    page = open_single()
    page.wait_for_timeout(1000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2000)
    assert asked == []


def test_quick_changes_of_tab_and_language_come_to_rest(open_page: OpenPage) -> None:
    page = open_page()
    for name in ("单个生成", "生成结果历史", "运行实时日志"):
        page.get_by_role("tab", name=name).click()
    page.click("#language")
    page.get_by_role("tab").first.click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(8):  # on a busy machine the answers take their time
        asked.clear()
        page.wait_for_timeout(1500)
        if not asked:
            break
    assert asked == []


def test_a_phone_needs_no_sideways_scrolling(open_single: OpenPage, media: Path) -> None:
    page = open_single(width=390, height=844)
    start(page, media)
    page.wait_for_selector("#job .hg-result")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
