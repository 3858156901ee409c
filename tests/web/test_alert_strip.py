"""The strip of alerts: pure, and on the page."""

from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import expect

from heygem.config.settings import load_settings
from heygem.config.strings import Translator
from heygem.maintenance.alerts.alerting import Alerting
from heygem.maintenance.alerts.book import Page
from heygem.maintenance.alerts.conditions import Condition
from heygem.maintenance.alerts.standing import AlertState, Standing
from heygem.web import format as fmt
from heygem.web.alert_strip import alert_strip
from tests.web.conftest import OpenPage

THEN = datetime(2026, 3, 29, 12, tzinfo=UTC)


def make(topic: str, condition: Condition) -> Standing:
    return Standing(topic, condition, {}, THEN, THEN, told_as=condition)


def test_a_line_for_each_and_nothing_for_none():
    assert alert_strip([], Translator("zh")) == ""
    standing = [make("task:<b>", Condition.TASK_FAILED), make("disk", Condition.DISK_WARN)]
    html = alert_strip(standing, Translator("zh"))
    assert html.count("<li") == 2 and "例行维护失败（&lt;b&gt;）" in html and f"{fmt.moment(THEN)} 起" in html
    assert [part.split('"')[0] for part in html.split('data-tone="')[1:]] == ["bad", "warn"]
    assert "<b>The disk is filling</b>" in alert_strip(standing[1:], Translator("en"))


def test_the_page_tells_what_is_wrong_in_its_language_and_takes_no_room_for_nothing(folder: Path, open_page: OpenPage):
    book = Alerting(load_settings(paths={"data": folder / "data"})).book
    standing = make("disk", Condition.DISK_FULL)
    book.write(Page(AlertState({"disk": standing})))
    try:
        page = open_page()
        strip = page.locator("#alerts")
        expect(strip.locator("li")).to_contain_text("磁盘将满，已暂停接受新任务")
        page.click("#language")
        expect(strip.locator("li")).to_contain_text("The disk is nearly full")
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    finally:
        book.write(Page())
    page.click("#language")
    expect(strip).to_be_hidden()
