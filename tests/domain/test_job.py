from itertools import product

import pytest

from heygem.domain.errors import FaceChoiceError
from heygem.domain.job import FaceChoice, FaceRule, JobState, check_transition

QUEUED, RUNNING, PAUSED, FAILED, CANCELLED = (
    JobState.QUEUED,
    JobState.RUNNING,
    JobState.PAUSED,
    JobState.FAILED,
    JobState.CANCELLED,
)
ALLOWED = {
    *((QUEUED, then) for then in (RUNNING, PAUSED, FAILED, CANCELLED)),
    *((RUNNING, then) for then in (QUEUED, PAUSED, JobState.SUCCEEDED, FAILED, CANCELLED)),
    *((PAUSED, then) for then in (QUEUED, FAILED, CANCELLED)),
    (FAILED, QUEUED),
    (CANCELLED, QUEUED),
}


@pytest.mark.parametrize(("now", "then"), list(product(JobState, JobState)))
def test_transitions(now: JobState, then: JobState):
    if (now, then) in ALLOWED:
        assert check_transition(now, then) is then
    else:
        with pytest.raises(ValueError, match=f"from {now} to {then}"):
            check_transition(now, then)


def test_final_states():
    assert {state for state in JobState if state.is_final} == {
        JobState.SUCCEEDED,
        JobState.FAILED,
        JobState.CANCELLED,
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("largest", FaceChoice()),
        (" Left ", FaceChoice(FaceRule.LEFT)),
        ("RIGHT", FaceChoice(FaceRule.RIGHT)),
        ("2", FaceChoice(FaceRule.NUMBER, 2)),
        ("12", FaceChoice(FaceRule.NUMBER, 12)),
    ],
)
def test_face_choice_is_read(text: str, expected: FaceChoice):
    assert FaceChoice.parse(text) == expected
    assert FaceChoice.parse(str(expected)) == expected


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "number", "links", "100", "²", "１"])
def test_what_is_no_face_choice(text: str):
    with pytest.raises(FaceChoiceError):
        FaceChoice.parse(text)
