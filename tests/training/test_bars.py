"""The shipped weights on held-out people, in the quick form, with looser bounds: a broken model cannot land."""

from collections.abc import Mapping

import pytest

from training.dataset import CLIPS, ROOT
from training.evaluation.bars import Bar, read_bars
from training.evaluation.parts import PARTS, measure_parts
from training.evaluation.report import Row
from training.speech.espeak import has_espeak

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(not CLIPS.is_dir(), reason="the clips of held-out people are not there"),
]


@pytest.fixture(scope="module")
def figures() -> Mapping[str, Row]:
    return measure_parts(ROOT.parent / "models", "test", quick=True, names=PARTS)


@pytest.mark.parametrize("bar", read_bars(), ids=lambda bar: f"{bar.part}: {bar.figure}")
def test_meets_quick_bound(figures: Mapping[str, Row], bar: Bar) -> None:
    if bar.figure == "synthetic" and not has_espeak():
        pytest.skip("espeak-ng is not there")
    value = figures[bar.part][bar.figure]
    assert bar.is_met(value, quick=True), f"{bar.name}: {bar.show(value)}, not {bar.show_bound(quick=True)}"


def test_measures_tell_the_real_from_the_still(figures: Mapping[str, Row]) -> None:
    whole, motion = figures["whole"], figures["lip motion"]
    assert whole["judge of real"] > whole["judge still"] + 1
    assert whole["r"] > whole["1 s late r"] + 0.2
    assert motion["r"] > max(motion["1 s late r"], motion["random mouth r"]) + 0.1
    assert figures["closures"]["true"] > 0.5
