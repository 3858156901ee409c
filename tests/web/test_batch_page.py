"""The batch page as a user meets it, in Chromium; files' names say how they fare, see serve_fake.py."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from heygem.media.probe import probe_video
from tests.web.conftest import OpenPage


def add(page: Page, media: Path, *people: str, voice: str = "quick.wav") -> None:
    page.set_input_files("#voices input[type=file]", media / voice)
    page.set_input_files("#people input[type=file]", [media / name for name in people])
    expect(page.locator("#draft .hg-item[data-kind=draft]")).to_have_count(1 + len(people))
    expect(page.locator("#draft [data-tone=wait]")).to_have_count(0)


def start(page: Page, media: Path, *people: str, voice: str = "quick.wav") -> None:
    add(page, media, *people, voice=voice)
    page.click("#start-batch")
    expect(jobs(page)).to_have_count(len(people))


def drafts(page: Page) -> Locator:
    return page.locator("#draft .hg-item[data-kind=draft]")


def jobs(page: Page) -> Locator:
    return page.locator("#board .hg-item[data-kind=job]")


def job(page: Page, name: str) -> Locator:
    return jobs(page).filter(has=page.get_by_title(re.compile(rf"^{re.escape(name)} \+ ")))


def state(page: Page, name: str) -> Locator:
    return job(page, name).locator(".hg-badge")


def head(page: Page) -> Locator:
    return page.locator("#board .hg-item[data-kind=batch]").first


def test_bad_files_say_why_and_a_good_one_becomes_a_video(open_page: OpenPage, media: Path, tmp_path: Path) -> None:
    page = open_page()
    add(page, media, "person.mp4", "broken.mp4", "faceless.mp4")
    expect(drafts(page).filter(has_text="person.mp4")).to_contain_text("可用")
    expect(drafts(page).filter(has_text="broken.mp4")).to_contain_text("[MEDIA_UNREADABLE]")
    expect(drafts(page).filter(has_text="faceless.mp4")).to_contain_text("[FACE_NOT_FOUND]")
    expect(page.locator("#plan")).to_have_text("将生成 3 个视频，有 2 个文件不能使用")
    page.click("#start-batch")
    expect(state(page, "person.mp4")).to_have_text("已完成")
    for name, code in (("broken.mp4", "MEDIA_UNREADABLE"), ("faceless.mp4", "FACE_NOT_FOUND")):
        expect(state(page, name)).to_have_text("没有成功")
        expect(job(page, name)).to_contain_text(f"[{code}]")
    expect(head(page)).to_contain_text("3/3")
    expect(head(page)).to_contain_text("100%")
    expect(drafts(page)).to_have_count(0)
    job(page, "person.mp4").get_by_label("播放").click()
    page.wait_for_function("document.querySelector('#board video')?.currentTime > 0.3")
    with page.expect_download() as download:
        job(page, "person.mp4").get_by_label("下载视频").click()
    download.value.save_as(tmp_path / "copy.mp4")
    assert probe_video(tmp_path / "copy.mp4").frame_count == 50


def test_what_failed_is_tried_again_and_what_succeeded_is_not(open_page: OpenPage, media: Path, folder: Path) -> None:
    page = open_page()
    start(page, media, "flaky.mp4", "person.mp4")
    expect(state(page, "flaky.mp4")).to_have_text("没有成功")
    expect(state(page, "person.mp4")).to_have_text("已完成")
    before = set(folder.glob("outputs/*/*/*.mp4"))
    head(page).get_by_text("重试未成功的").click()
    expect(state(page, "flaky.mp4")).to_have_text("已完成")
    assert len(set(folder.glob("outputs/*/*/*.mp4")) - before) == 1


def test_the_list_outlives_a_reload_and_files_are_removed_from_it(open_page: OpenPage, media: Path) -> None:
    page = open_page()
    add(page, media, "person.mp4", "broken.mp4", "faceless.mp4")
    page.reload()
    expect(drafts(page)).to_have_count(4)
    expect(page.get_by_role("button", name="删除选中")).to_be_disabled()
    drafts(page).filter(has_text="broken.mp4").get_by_role("checkbox").check()
    drafts(page).filter(has_text="faceless.mp4").get_by_role("checkbox").check()
    page.click("text=删除选中")
    expect(drafts(page)).to_have_count(2)
    expect(page.locator("#plan")).to_have_text("将生成 1 个视频")
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("text=清空列表")
    expect(drafts(page)).to_have_count(0)
    page.click("#start-batch")
    expect(page.locator("#batch-notice")).to_contain_text("还缺少：语音、人物视频或照片")


def test_the_list_is_walked_by_keys_and_the_chosen_file_is_shown(open_page: OpenPage, media: Path) -> None:
    page = open_page()
    add(page, media, "person.mp4", "person.flv")
    drafts(page).filter(has_text="quick.wav").click()
    expect(page.locator("#preview audio")).to_be_visible()
    page.keyboard.press("Tab")
    drafts(page).filter(has_text="quick.wav").locator(".hg-item-name").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#preview .hg-preview-name")).to_have_text("person.mp4")
    page.wait_for_function("document.querySelector('#preview video').videoWidth > 0")
    expect(page.locator("#preview")).to_contain_text("320×240")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#preview")).to_contain_text("浏览器不能播放这种格式")
    page.keyboard.press("Delete")
    expect(drafts(page)).to_have_count(2)
    expect(page.locator("#preview")).to_contain_text("点击列表里的文件")


def test_a_reload_and_a_closed_page_change_nothing(open_page: OpenPage, media: Path) -> None:
    page = open_page()
    start(page, media, "person.mp4", "other.mp4", voice="slow.wav")
    expect(head(page)).to_contain_text(re.compile(r"当前处理视频：\w+\.mp4"))
    page.reload()
    expect(jobs(page)).to_have_count(2)
    expect(job(page, "person.mp4").locator(".hg-stage")).to_contain_text(re.compile(r"\d+ / 50 帧"))
    expect(head(page)).to_contain_text(re.compile(r"剩余约 \d+:\d\d"))
    again = page.context.new_page()
    page.close()
    again.goto(page.url)
    expect(state(again, "person.mp4")).to_have_text("生成中")
    again.on("dialog", lambda dialog: dialog.accept())
    head(again).get_by_text("全部取消").click()
    for name in ("person.mp4", "other.mp4"):
        expect(state(again, name)).to_have_text("已取消")
    expect(head(again)).to_contain_text("2/2")


def test_a_second_user_sees_all_but_touches_nothing(open_page: OpenPage, media: Path) -> None:
    first, second = open_page(), open_page()
    start(first, media, "person.mp4", voice="slow.wav")
    add(second, media, "other.mp4")
    expect(jobs(second)).to_have_count(0)
    second.get_by_label("显示所有人的任务").check()
    expect(state(second, "person.mp4")).to_have_text("生成中")
    expect(job(second, "person.mp4").get_by_role("button")).to_have_count(0)
    assert drafts(first).count() == 0
    job(first, "person.mp4").get_by_label("取消").click()
    expect(state(first, "person.mp4")).to_have_text("已取消")
    expect(drafts(second)).to_have_count(2)


def test_jobs_are_moved_paused_and_cancelled_one_by_one(open_page: OpenPage, media: Path) -> None:
    page = open_page()
    people = ("person.mp4", "other.mp4", "flaky.mp4")
    start(page, media, *people, voice="slow.wav")
    expect(state(page, "person.mp4")).to_have_text("生成中")
    job(page, "flaky.mp4").get_by_label("上移").click()
    expect(jobs(page).nth(1)).to_contain_text("flaky.mp4")
    job(page, "flaky.mp4").get_by_label("下移").click()
    expect(jobs(page).nth(2)).to_contain_text("flaky.mp4")
    job(page, "other.mp4").get_by_label("暂停").click()
    expect(state(page, "other.mp4")).to_have_text("已暂停")
    job(page, "person.mp4").get_by_label("取消").click()
    expect(state(page, "person.mp4")).to_have_text("已取消")
    expect(state(page, "flaky.mp4")).to_have_text("生成中")
    head(page).get_by_text("暂停", exact=True).click()
    expect(state(page, "flaky.mp4")).to_have_text("已暂停")
    head(page).get_by_text("继续").click()
    expect(jobs(page).filter(has_text="生成中")).to_have_count(1)
    page.on("dialog", lambda dialog: dialog.accept())
    head(page).get_by_text("全部取消").click()
    expect(head(page)).to_contain_text("3/3")


def test_files_are_dropped_and_a_sound_among_people_is_a_voice(open_page: OpenPage) -> None:
    page = open_page()
    page.evaluate(
        """() => {
            const dataTransfer = new DataTransfer();
            for (const name of ["b.mp4", "a.mp4", "v.wav"]) dataTransfer.items.add(new File(["x"], name));
            const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
            document.querySelector("#people .hg-drop").dispatchEvent(drop);
        }"""
    )
    expect(drafts(page).locator(".hg-item-name")).to_have_text(["v.wav", "b.mp4", "a.mp4"])


def test_two_voices_make_two_videos_of_each_person(open_page: OpenPage, media: Path) -> None:
    page = open_page()
    add(page, media, "person.mp4", "other.mp4")
    page.set_input_files("#voices input[type=file]", media / "voice.wav")
    expect(page.locator("#plan")).to_have_text("将生成 4 个视频")


def test_a_folder_of_the_server_and_a_table_are_added(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page()
    page.click("#folder button")
    page.locator("#folder input").click()
    page.get_by_role("option", name="team", exact=True).click()
    page.get_by_role("button", name="添加", exact=True).click()
    expect(drafts(page)).to_have_count(2)
    table = tmp_path / "list.csv"
    table.write_text("视频,音频,名称,项目,人脸\nteam/a.mp4,voice.wav,片头,秋季,left\n", encoding="utf-8")
    page.set_input_files("#people input[type=file]", table)
    row = drafts(page).filter(has_text="片头")
    for text in ("语音：voice.wav", "项目：秋季", "人脸：left"):
        expect(row).to_contain_text(text)
    table.write_text("视频\n../secret.mp4\n", encoding="utf-8")
    page.set_input_files("#people input[type=file]", table)
    expect(page.locator("#batch-notice")).to_contain_text("secret.mp4")
    expect(drafts(page)).to_have_count(3)


def find_place(page: Page, number: int) -> float:
    """How far below the list's upper edge a row is seen, in pixels."""
    row, around = drafts(page).nth(number).bounding_box(), page.locator("#draft .hg-list").bounding_box()
    assert row is not None and around is not None
    return row["y"] - around["y"]


def test_a_long_list_keeps_its_place_and_its_checks(open_page: OpenPage, media: Path) -> None:
    page = open_page()
    page.click("#folder button")
    page.locator("#folder input").click()
    page.get_by_role("option", name="long", exact=True).click()
    page.get_by_role("button", name="添加", exact=True).click()
    expect(drafts(page)).to_have_count(300)
    page.evaluate("document.querySelector('#draft .hg-list').scrollTop = 9000")
    drafts(page).nth(150).get_by_role("checkbox").check()
    place = find_place(page, 150)
    page.set_input_files("#people input[type=file]", media / "person.mp4")
    expect(drafts(page)).to_have_count(301)
    expect(page.locator("#draft [data-tone=wait]")).to_have_count(0)
    assert find_place(page, 150) == pytest.approx(place, abs=4)
    expect(drafts(page).nth(150).get_by_role("checkbox")).to_be_checked()


def test_the_batch_page_speaks_one_language_at_a_time(open_page: OpenPage, media: Path) -> None:
    page = open_page()
    start(page, media, "person.mp4", "broken.mp4")
    expect(head(page)).to_contain_text("2/2")
    add(page, media, "person.mp4")
    page.click("#language")
    expect(page.locator("#start-batch")).to_have_text("Generate all")
    expect(state(page, "person.mp4")).to_have_text("Done")
    expect(page.locator("#plan")).to_have_text("Videos to make: 1")
    assert not re.search(r"[\u4e00-\u9fff]", page.inner_text("body").replace("中文", ""))


def test_a_phone_needs_no_sideways_scrolling_for_a_batch(open_page: OpenPage, media: Path) -> None:
    page = open_page(width=390, height=844)
    start(page, media, "person.mp4", "broken.mp4")
    expect(head(page)).to_contain_text("2/2")
    add(page, media, "person.mp4")
    drafts(page).filter(has_text="person.mp4").click()
    expect(page.locator("#preview video")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
