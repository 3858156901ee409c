"""What the end of a job adds to the figures that only grow. Asks no database."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from heygem.domain.figures import STAGE_BOUNDS_S, Figure, FigureName
from heygem.domain.job import JobState


def tally_ends(state: JobState, changes: Iterable[Mapping[str, Any]]) -> dict[Figure, float]:
    """Of jobs that go to the final `state`; `changes` are their new columns."""
    amounts: defaultdict[Figure, float] = defaultdict(float)
    for change in changes:
        code = change["error_code"] if state is JobState.FAILED else ""
        amounts[Figure(FigureName.JOBS_ENDED, state.value, code)] += 1
        if state is JobState.SUCCEEDED:
            amounts[Figure(FigureName.RUN_SECONDS)] += change["ran_s"]
            _add_result(amounts, change["result"])
    return dict(amounts)


def _add_result(amounts: defaultdict[Figure, float], result: Mapping[str, Any]) -> None:
    amounts[Figure(FigureName.FRAMES)] += result["frame_count"]
    amounts[Figure(FigureName.VOICE_SECONDS)] += result["duration_s"]
    for stage, seconds in result["stage_seconds"].items():
        bound = next(bound for bound in STAGE_BOUNDS_S if seconds <= bound)
        amounts[Figure(FigureName.STAGE_RUNS, stage, str(bound))] += 1
        amounts[Figure(FigureName.STAGE_SECONDS, stage)] += seconds
