"""The dry run as a table."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from heygem.config.strings import Translator
from heygem.domain.library import OutputRecord
from heygem.library.retention import PlannedStep, StepAction, StepReason
from heygem.web.prune_preview import SHOWN, plan_table

ZH = Translator("zh")
DUE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def step(name: str, action: StepAction, reason: StepReason) -> PlannedStep:
    return PlannedStep(OutputRecord(name, Path("/o/a.mp4"), title=name, size_bytes=1024**2), action, reason, DUE)


@pytest.mark.parametrize(
    ("action", "reason", "told"),
    [
        (StepAction.TRASH, StepReason.PAST_AGE, "移到回收站"),
        (StepAction.PURGE, StepReason.TRASH_OVER, "彻底删除"),
        (StepAction.ARCHIVE, StepReason.PAST_AGE, "存入归档"),
    ],
)
def test_each_video_has_its_reason(action: StepAction, reason: StepReason, told: str):
    html = plan_table([step("<b>", action, reason), step("kept", StepAction.KEEP, StepReason.NOT_YET)], ZH)
    assert "&lt;b&gt;" in html and "kept" not in html
    assert f"{told} 1 个（1.0 MB）" in html and "03-01" in html


def test_nothing_is_due():
    assert "没有需要清理" in plan_table([step("a", StepAction.KEEP, StepReason.PINNED)], ZH)


def test_many_are_counted():
    steps = [step(f"v{number}", StepAction.TRASH, StepReason.PAST_AGE) for number in range(SHOWN + 7)]
    html = plan_table(steps, ZH)
    assert html.count("<li>") == SHOWN and "还有 7 个" in html and f"移到回收站 {SHOWN + 7} 个" in html
