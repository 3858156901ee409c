"""Videos of the archive as a user meets them, in Chromium: told apart, played there, brought back, deleted there."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeAlias

import pytest
from filelock import FileLock
from playwright.sync_api import expect

from heygem.domain.library import OutputState
from heygem.library.archiver import Archiver
from heygem.library.catalogue import Library
from heygem.library.stores.folder import FolderStore
from tests.archived import put_in_archive
from tests.web.conftest import OpenPage
from tests.web.test_history_page import PutVideos, choose_shelf, library, press, put_videos, show, video, videos

__all__ = ["library", "put_videos"]  # fixtures

PutAway: TypeAlias = Callable[..., list[str]]
FILLING: Final = 11 * 1024**2  # three pieces of a copy; at the page's pace two seconds


@pytest.fixture
def archive(library: Library, folder: Path) -> Library:
    """The library of the served page, with its archive."""
    return replace(library, store=FolderStore(folder / "nas"))


@pytest.fixture
def put_away(archive: Library, put_videos: PutVideos) -> PutAway:
    """As put_videos, but in the archive alone, unless `is_kept` says that they are here too."""

    def put(word: str, count: int, is_large: bool = False, is_kept: bool = False) -> list[str]:
        ids = put_videos(word, count)
        for output_id in ids if is_large else ():
            path = archive.get(output_id).path
            size = (FILLING + 8).to_bytes(4, "big")
            path.write_bytes(path.read_bytes() + size + b"free" + bytes(FILLING))
            archive.add(path)
        put_in_archive(Archiver(archive, FileLock(archive.cache_dir / "archive.lock")), ids, is_kept)
        return ids

    return put


def test_a_video_of_the_archive_is_played_from_there_and_brought_back(
    open_page: OpenPage, put_away: PutAway, archive: Library
) -> None:
    (here,) = put_away("归档甲", 1, is_kept=True)
    (there,) = put_away("归档乙", 1, is_large=True)
    page = open_page()
    show(page, "归档", 1)
    expect(video(page, "归档甲_00").locator(".hg-mark[data-tone=good]")).to_have_text("已归档")
    choose_shelf(page, "归档")
    expect(videos(page)).to_have_count(1)
    card = video(page, "归档乙_00")
    expect(card).to_contain_text("仅在归档")
    page.wait_for_function("document.querySelector('#history .hg-cover img').naturalWidth > 0")
    card.locator(".hg-cover").click()
    page.wait_for_function("document.querySelector('#history video')?.currentTime > 0.3")
    assert not archive.get(there).path.exists()
    card.get_by_label("恢复到本机").click()
    expect(card).to_contain_text(re.compile("正在恢复 [1-9]"))
    expect(card).to_have_count(0)
    assert archive.get(there).state is OutputState.PRESENT and archive.get(there).path.is_file()
    choose_shelf(page, "全部视频")
    expect(videos(page)).to_have_count(2)
    assert archive.get(here).state is OutputState.PRESENT


def test_bringing_back_is_cancelled_and_what_is_not_wanted_is_deleted_in_the_archive(
    open_page: OpenPage, put_away: PutAway, archive: Library, folder: Path
) -> None:
    large, small = put_away("归档丙", 1, is_large=True)[0], put_away("归档丁", 2)
    page = open_page()
    page.get_by_role("tab", name="生成结果历史").click()
    page.get_by_label("搜索").fill("归档")
    choose_shelf(page, "归档")
    expect(videos(page)).to_have_count(3)
    card = video(page, "归档丙_00")
    card.get_by_label("恢复到本机").click()
    card.get_by_label("取消恢复").click()
    expect(card).to_contain_text("仅在归档")
    assert archive.get(large).state is OutputState.ARCHIVED
    page.on("dialog", lambda dialog: dialog.accept())
    for name in ("归档丁_00", "归档丁_01"):
        video(page, name).get_by_role("checkbox").check()
    press(page, "从归档中删除选中")
    expect(videos(page)).to_have_count(1)
    expect(page.locator("#history [data-kind=told]")).to_contain_text("已从归档中删除")
    assert {archive.get(one).state for one in small} == {OutputState.REMOVED}
    assert not list((folder / "nas").rglob("归档丁*"))
