"""The live log as a user meets it, in Chromium."""

import logging
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from heygem.config.logs import FILE_NAME, UtcFormatter
from tests.web.conftest import OpenPage


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    page = open_page()
    page.get_by_role("tab", name="运行实时日志").click()
    return page


def write(folder: Path, text: str, level: int = logging.INFO) -> None:
    (folder / "logs").mkdir(exist_ok=True)
    with (folder / "logs" / FILE_NAME).open("a", encoding="utf-8") as file:
        file.write(UtcFormatter().format(logging.LogRecord("heygem.test", level, "", 0, text, None, None)) + "\n")


def entries(page: Page) -> Locator:
    return page.locator("#log .hg-item[data-kind=log]")


def test_the_log_is_followed_searched_and_held(page: Page, folder: Path):
    page.get_by_label("搜索日志").fill("logword")
    write(folder, "logword <b>one</b>")
    write(folder, "logword two\nTraceback\n  boom", logging.ERROR)
    expect(entries(page)).to_have_count(2)
    expect(entries(page).first).to_contain_text("logword two")
    expect(entries(page).last).to_contain_text("logword <b>one</b>")
    page.get_by_text("展开详情").click()
    expect(page.get_by_text("boom")).to_be_visible()
    page.get_by_label("只看错误").check()
    expect(entries(page)).to_have_count(1)
    page.get_by_label("实时更新").uncheck()
    write(folder, "logword three", logging.ERROR)
    page.wait_for_timeout(2_000)
    expect(entries(page)).to_have_count(1)
    page.get_by_label("实时更新").check()
    expect(entries(page)).to_have_count(2)


def test_the_log_speaks_english_too(page: Page, folder: Path):
    write(folder, "logtongue", logging.WARNING)
    page.get_by_label("搜索日志").fill("logtongue")
    expect(entries(page)).to_have_count(1)
    expect(entries(page)).to_contain_text("警告")
    page.get_by_role("button", name="English").click()
    expect(entries(page)).to_contain_text("warning")
    page.get_by_label("Search the log").fill("nothing has this")
    expect(page.locator("#log")).to_contain_text("Nothing in the log matches.")
