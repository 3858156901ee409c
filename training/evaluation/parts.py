"""The parts of the evaluation, in the order in which they are measured."""

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from training.evaluation.closures import measure_closures
from training.evaluation.lip_motion import measure_lip_motion
from training.evaluation.renderer import measure_renderer
from training.evaluation.report import Findings, Row
from training.evaluation.silence import measure_silence
from training.evaluation.size_speed import measure_size_speed
from training.evaluation.tracker import measure_tracker
from training.evaluation.whole import measure_whole
from training.evaluation.workers import Workers, open_workers

Part: TypeAlias = Callable[[Workers, Path, str, bool], Findings]  # models, split, quick

PARTS: Final[Mapping[str, Part]] = {
    "tracker": measure_tracker,
    "lip motion": measure_lip_motion,
    "closures": measure_closures,
    "silence": measure_silence,
    "renderer": measure_renderer,
    "whole": measure_whole,
    "size, speed": measure_size_speed,
}


def measure_parts(models: Path, split: str, quick: bool, names: Iterable[str]) -> dict[str, Row]:
    """The figures of the parts `names`; prints their tables as they come."""
    figures: dict[str, Row] = {}
    with open_workers() as workers:
        for name in names:
            start = time.monotonic()
            findings = PARTS[name](workers, models, split, quick)
            figures[name] = findings.figures
            for table in findings.tables:
                print(f"\n{table.render()}", flush=True)
            print(f"({name}: {time.monotonic() - start:.0f} s)", flush=True)
    return figures
