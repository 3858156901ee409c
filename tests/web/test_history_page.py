"""The history as a user meets it, in Chromium. Each test's videos bear a word of their own, by which they are found."""

import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from heygem.config.settings import load_settings
from heygem.domain.library import OutputKind, OutputState
from heygem.library.catalogue import Library
from heygem.media.probe import probe_video
from heygem.storage.tables import outputs
from tests.fakes import RULES, make_database
from tests.web.conftest import OpenPage
from tests.web.test_batch_page import start, state

PutVideos: TypeAlias = Callable[..., list[str]]


@pytest.fixture(scope="module")
def library(address: str, folder: Path) -> Library:
    """That of the served page."""
    del address  # it has made the folders
    settings = load_settings(paths={name: folder / name for name in ("outputs", "cache", "data")})
    return Library(make_database(settings), folder / "outputs", folder / "cache", rules=RULES)


@pytest.fixture
def put_videos(library: Library, media: Path) -> PutVideos:
    """Adds `count` videos called `word`_00 and on, none like another, and tells their ids."""

    def put(word: str, count: int, project: str = "") -> list[str]:
        day = library.outputs_dir / "2026-01-02"
        day.mkdir(parents=True, exist_ok=True)
        ids = []
        for number in range(count):
            path = day / f"{word}_{number:02d}.mp4"
            path.write_bytes((media / "person.mp4").read_bytes() + b"\0\0\0\x10free" + b"%08d" % number)
            ids.append(library.add(path, project=project))
        return ids

    return put


def open_tab(page: Page, name: str) -> None:
    """On a phone, what finds no room is in a menu."""
    tab = page.get_by_role("tab", name=name)
    if not tab.is_visible():
        page.locator(".overflow-menu > button").click()
        tab = page.locator(".overflow-menu").get_by_text(name)
    tab.click()


def show(page: Page, words: str, count: int) -> None:
    open_tab(page, "生成结果历史")
    page.get_by_label("搜索").fill(words)
    expect(videos(page)).to_have_count(count)


def choose(page: Page, field: str, option: str) -> None:
    page.get_by_role("combobox", name=field, exact=True).click()
    page.get_by_role("option", name=option, exact=True).click()


def videos(page: Page) -> Locator:
    return page.locator("#history .hg-item[data-kind=output]")


def video(page: Page, name: str) -> Locator:
    return videos(page).filter(has=page.get_by_title(name, exact=True))


def choose_shelf(page: Page, name: str) -> None:
    page.locator("#shelf").get_by_text(name).click()


def press(page: Page, name: str) -> None:
    page.locator("#history .hg-list-head").get_by_text(name).click()


def test_a_new_video_appears_and_plays(open_page: OpenPage, media: Path) -> None:
    page = open_page()
    page.get_by_role("textbox", name="署名").fill("市场 部")
    start(page, media, "person.mp4")
    expect(state(page, "person.mp4")).to_have_text("已完成")
    page.get_by_role("tab", name="生成结果历史").click()
    expect(videos(page).first).to_contain_text("市场_部_person")
    choose(page, "署名", "市场_部")
    expect(videos(page)).to_have_count(1)
    expect(videos(page).locator(".hg-item-name")).to_have_text(re.compile(r"市场_部_person_\w+_v1"))
    page.reload()
    expect(page.get_by_role("textbox", name="署名")).to_have_value("市场 部")
    choose(page, "署名", "市场_部")
    expect(videos(page)).to_have_count(1)
    with page.expect_response(re.compile(r"\.sheet\.jpg$")) as asked:
        videos(page).locator(".hg-cover").hover()
    assert asked.value.ok
    videos(page).locator(".hg-cover").click()
    page.wait_for_function("document.querySelector('#history video')?.currentTime > 0.3")
    page.evaluate("document.querySelector('#history video').currentTime = 1.5")  # a range request
    page.wait_for_function("document.querySelector('#history video').currentTime >= 1.5")
    page.wait_for_function("document.querySelector('#history .hg-cover img').naturalWidth > 0")
    page.get_by_label("关闭").click()
    expect(page.locator("#history video")).to_have_count(0)


def test_words_filters_and_order_find_videos(open_page: OpenPage, put_videos: PutVideos, library: Library) -> None:
    ids = put_videos("报告甲", 3, project="查找") + put_videos("报告乙", 1)
    library.set_kind(ids[:1], OutputKind.TEST)
    page = open_page()
    show(page, "报告", 4)
    choose(page, "项目", "查找")
    expect(videos(page)).to_have_count(3)
    choose(page, "排序", "按名称")
    expect(videos(page).locator(".hg-item-name")).to_have_text(["报告甲_00", "报告甲_01", "报告甲_02"])
    choose(page, "大小", "10.0 MB 以上")
    expect(videos(page)).to_have_count(0)
    choose(page, "大小", "不限大小")
    choose_shelf(page, "即将到期")
    expect(videos(page)).to_have_count(1)
    expect(videos(page)).to_contain_text("还有 2 天")
    show(page, "报告 没有这个", 0)
    expect(page.locator("#history")).to_contain_text("没有符合条件的视频")


def test_what_is_deleted_is_undone_restored_or_gone(
    open_page: OpenPage, put_videos: PutVideos, library: Library
) -> None:
    ids = put_videos("删除", 3)
    page = open_page()
    show(page, "删除", 3)
    expect(page.locator("#history").get_by_text("批量删除选中")).to_be_disabled()
    for name in ("删除_00", "删除_01"):
        video(page, name).get_by_role("checkbox").check()
    expect(page.locator("#history .hg-chosen")).to_have_text("已选 2 个")
    press(page, "批量删除选中")
    expect(videos(page)).to_have_count(1)
    expect(page.locator("#history [data-kind=told]")).to_contain_text("已移到回收站：2 个视频")
    assert [library.get(one).state for one in ids[:2]] == [OutputState.TRASHED] * 2
    assert not library.get(ids[0]).path.exists()
    page.get_by_role("button", name="撤销").click()
    expect(videos(page)).to_have_count(3)
    expect(page.locator("#history .hg-chosen")).to_have_text("")
    assert library.get(ids[0]).path.is_file()
    for name in ("删除_00", "删除_01"):
        video(page, name).get_by_label("删除当前视频").click()
        expect(video(page, name)).to_have_count(0)
    choose_shelf(page, "回收站")
    expect(videos(page)).to_have_count(2)
    video(page, "删除_00").get_by_label("恢复").click()
    expect(videos(page)).to_have_count(1)
    page.on("dialog", lambda dialog: dialog.accept())
    video(page, "删除_01").get_by_label("彻底删除").click()
    expect(page.locator("#history [data-kind=told]")).to_contain_text("已彻底删除，释放了")
    expect(videos(page)).to_have_count(0)
    assert [library.get(one).state for one in ids] == [OutputState.PRESENT, OutputState.REMOVED, OutputState.PRESENT]
    assert not list(library.outputs_dir.glob(f".work/trash/{ids[1]}"))


def test_what_is_chosen_on_several_pages_comes_as_one_zip(
    open_page: OpenPage, put_videos: PutVideos, library: Library, tmp_path: Path
) -> None:
    ids = put_videos("打包_季度汇报", 26)
    page = open_page()
    show(page, "打包", 24)
    choose(page, "排序", "按名称")
    expect(page.locator("#history [data-kind=pager]")).to_contain_text("第 1 / 2 页")
    video(page, "打包_季度汇报_03").get_by_role("checkbox").check()
    page.get_by_role("button", name="下一页").click()
    expect(videos(page)).to_have_count(2)
    video(page, "打包_季度汇报_25").get_by_role("checkbox").check()
    assert unpack(page, tmp_path) == contents(library, [ids[3], ids[25]])
    press(page, "选中全部 26 个")
    expect(page.locator("#history")).to_contain_text("已选中全部 26 个")
    assert unpack(page, tmp_path) == contents(library, ids)


def unpack(page: Page, tmp_path: Path) -> dict[str, bytes]:
    with page.expect_download() as download:
        press(page, "一键打包下载")
    assert re.fullmatch(r"heygem_.*\.zip", download.value.suggested_filename)
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def contents(library: Library, ids: list[str]) -> dict[str, bytes]:
    paths = [library.get(one).path for one in ids]
    return {path.name: path.read_bytes() for path in paths}


def test_a_video_is_pinned_named_tagged_and_downloaded(
    open_page: OpenPage, put_videos: PutVideos, library: Library, tmp_path: Path
) -> None:
    (output_id,) = put_videos("命名", 1)
    page = open_page()
    show(page, "命名", 1)
    video(page, "命名_00").get_by_label("永久保留").click()
    expect(videos(page).locator(".hg-kind")).to_have_text("永久保留")
    assert library.get(output_id).kind is OutputKind.PINNED
    videos(page).get_by_role("button", name="命名_00").click()
    panel = page.locator("#history .hg-panel")
    panel.get_by_role("button", name="测试").click()
    expect(videos(page)).to_contain_text("还有 2 天")
    panel.get_by_label("标签").fill("重点 命名专用标签")
    panel.get_by_label("名称").fill("秋季 <发布>")
    panel.get_by_label("名称").press("Enter")
    expect(videos(page).locator(".hg-item-name")).to_have_text("秋季 <发布>")
    show(page, "命名专用标签", 1)
    record = library.get(output_id)
    assert (record.title, record.tags, record.kind) == ("秋季 <发布>", ("重点", "命名专用标签"), OutputKind.TEST)
    with page.expect_download() as download:
        videos(page).get_by_label("下载当前视频").click()
    download.value.save_as(tmp_path / "copy.mp4")
    assert download.value.suggested_filename == "命名_00.mp4" and probe_video(tmp_path / "copy.mp4").frame_count == 25


def test_the_kind_of_many_is_set_at_once(open_page: OpenPage, put_videos: PutVideos, library: Library) -> None:
    ids = put_videos("类型", 2)
    page = open_page()
    show(page, "类型", 2)
    page.locator("#history [data-check-all]").check()
    page.get_by_label("更改类型…").select_option("standard")
    expect(videos(page).locator(".hg-kind")).to_have_text(["标准", "标准"])
    assert {library.get(one).kind for one in ids} == {OutputKind.STANDARD}


def test_the_history_speaks_one_language_at_a_time(open_page: OpenPage, put_videos: PutVideos) -> None:
    put_videos("lang", 1)
    page = open_page()
    show(page, "lang", 1)
    videos(page).locator(".hg-cover").click()
    expect(page.locator("#history .hg-panel")).to_be_visible()
    page.click("#language")
    expect(page.locator("#history")).to_contain_text("Important")
    expect(page.locator("#history-project")).to_contain_text("Project")
    assert not re.search(r"[\u4e00-\u9fff]", page.inner_text("body").replace("中文", ""))


def test_a_phone_needs_no_sideways_scrolling_for_the_history(open_page: OpenPage, put_videos: PutVideos) -> None:
    put_videos("phone", 2)
    page = open_page(width=390, height=844)
    show(page, "phone", 2)
    videos(page).first.locator(".hg-cover").click()
    expect(page.locator("#history .hg-panel")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_dry_run_says_what_would_go_and_why(open_page: OpenPage, put_videos: PutVideos, library: Library) -> None:
    [old] = put_videos("试运行", 1)
    long_ago = datetime(2025, 1, 2, tzinfo=UTC)
    with library.database.write() as connection:
        row = update(outputs).where(outputs.c.output_id == old)
        connection.execute(row.values(created_at=long_ago, used_at=long_ago))
    page = open_page()
    open_tab(page, "生成结果历史")
    page.get_by_text("清理预览").click()
    line = page.locator("#prune-plan li", has_text="试运行_00")
    expect(line).to_contain_text("移到回收站")
    expect(line).to_contain_text("超过保留期")
    assert library.get(old).state is OutputState.PRESENT
