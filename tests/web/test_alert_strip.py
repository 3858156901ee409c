"""The strip of alerts: pure, and on the page."""

from datetime import UTC, datetime

from heygem.config.strings import Translator
from heygem.maintenance.alerts.conditions import Condition
from heygem.maintenance.alerts.standing import Standing
from heygem.web import format as fmt
from heygem.web.alert_strip import alert_strip

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
