"""The measures themselves, on mouths, faces and pictures whose answers are known."""

import numpy as np
import pytest

from heygem.engines.alignment import mean_face
from training.dataset import Labels
from training.evaluation.bars import Bar, list_rows, read_bars
from training.evaluation.clips import hold_face
from training.evaluation.jitter import STILL_FRAMES, find_still, measure_jitter, measure_tremble
from training.evaluation.mouth_curve import Mouth, correlate, find_lag, read_mouth
from training.evaluation.parts import PARTS
from training.evaluation.report import Table, mean_by, mean_row
from training.evaluation.seam import measure_across
from training.speech.phone_times import Phone, read_sentence

CURVE = np.random.default_rng(0).normal(size=200).cumsum().astype(np.float32)
FACE = mean_face() * 100 + 200


def test_a_curve_that_is_late_has_a_positive_lag() -> None:
    assert find_lag(CURVE[:-3], CURVE[3:]) == 3
    assert find_lag(CURVE[2:], CURVE[:-2]) == -2
    assert correlate(CURVE[:-3], CURVE[3:], 3) == pytest.approx(1)


def test_correlation_of_what_is_still_or_unseen() -> None:
    assert correlate(np.ones_like(CURVE), CURVE) == 0
    assert np.isnan(correlate(np.full_like(CURVE, np.nan), CURVE))
    seen = CURVE.copy()
    seen[::5] = np.nan
    assert correlate(seen, CURVE) == pytest.approx(1)


def test_a_mouth_is_read_in_face_units_whatever_size_the_face_has() -> None:
    small, large = (read_mouth(np.stack([FACE * scale] * 8), 25.0) for scale in (1, 3))
    assert large.opening == pytest.approx(small.opening, abs=1e-4)
    assert 0.3 < small.width.mean() < 1


def test_a_mouth_at_another_rate_moves_as_fast() -> None:
    mouth = Mouth(np.sin(np.arange(90) / 30).astype(np.float32), np.zeros(90, np.float32), 30.0).at_rate(25.0)
    assert len(mouth.opening) == 75
    assert mouth.opening == pytest.approx(np.sin(np.arange(75) / 25), abs=1e-3)


def test_a_held_face_goes_to_and_fro() -> None:
    points = np.arange(4, dtype=np.float32)[:, None, None] * np.ones((4, 131, 2), np.float32)
    held = hold_face(Labels(points, points[..., 0], 25.0, 8, 8, "clip"), 10 / 25)
    assert held.points[:, 0, 0].tolist() == [0, 1, 2, 3, 2, 1, 0, 1, 2, 3]


def test_jitter_sees_trembling_and_not_steady_movement() -> None:
    moving = FACE + np.arange(60)[:, None, None] * np.float32(2)
    assert measure_jitter(moving.astype(np.float32)) < 1e-5
    trembling = FACE + np.random.default_rng(0).normal(0, 1, (60, 131, 2))
    assert measure_jitter(trembling.astype(np.float32)) > 0.005
    assert measure_tremble(trembling.astype(np.float32)) == pytest.approx(0.0125, rel=0.1)


def test_the_stillest_second_is_found_beside_frames_without_a_face() -> None:
    points = (FACE + np.random.default_rng(0).normal(0, 3, (90, 1, 2))).astype(np.float32)
    points[40 : 40 + STILL_FRAMES] = FACE
    points[10] = np.nan
    assert find_still(points) == slice(40, 40 + STILL_FRAMES)
    assert find_still(points[:20]) is None


def test_a_seam_shows() -> None:
    random = np.random.default_rng(0)
    frame = random.integers(100, 110, (80, 80, 3)).astype(np.uint8)
    mask = np.zeros((80, 80), np.float32)
    mask[20:60, 20:60] = 1
    mask[20:60, 19] = mask[20:60, 60] = mask[19, 20:60] = mask[60, 20:60] = 0.5
    pasted = frame.copy()
    pasted[20:60, 20:60] += 40
    still = np.eye(2, 3)
    ours, true = measure_across(pasted, frame, mask, still)
    assert ours > 3 * true
    assert measure_across(frame, frame, mask, still) == (true, true)


def test_grid_names_are_sentences() -> None:
    assert read_sentence("data/s1/sbwe5n.mpg") == "set blue with e five now"
    assert read_sentence("obama.mp4") is None
    assert Phone("b", 0, 1).is_bilabial and Phone("ˈm", 0, 1).is_bilabial and not Phone("t", 0, 1).is_bilabial


def test_every_bar_can_be_missed() -> None:
    for bar in read_bars():
        assert bar.part in PARTS
        assert not bar.is_met(float("nan"), quick=False)
        low, high = bar.bounds(quick=False)
        assert not bar.is_met(low - 1 if np.isfinite(low) else high + 1, quick=False)
        quick_low, quick_high = bar.bounds(quick=True)
        assert quick_low <= low and high <= quick_high, bar.name


def test_bars_of_parts_that_were_not_measured_are_left_out() -> None:
    rows = list_rows({"tracker": {"found": 1.0}}, quick=False)
    assert {bar.part for bar, _, _ in rows} == {"tracker"}
    assert [is_met for bar, _, is_met in rows if bar.figure == "found"] == [True]
    assert not any(is_met for bar, _, is_met in rows if bar.figure != "found")


def test_bounds_are_shown_with_their_unit() -> None:
    bar = Bar("tracker", "found", "face found", low=0.99, scale=100, unit=" %")
    assert bar.show_bound(quick=False) == "≥ 99 %"
    assert bar.show(float("nan")) == "not measured"


def test_means_pass_over_what_was_not_measured() -> None:
    rows = [("a", {"r": 1.0}), ("a", {"r": float("nan"), "lag": 2.0}), ("b", {"r": 3.0})]
    assert mean_by(rows) == {"a": {"r": 1.0, "lag": 2.0}, "b": {"r": 3.0}}
    assert mean_row(row for _, row in rows) == {"r": 2.0, "lag": 2.0}
    assert "-" in Table("title", mean_by(rows)).render().splitlines()[-1]
