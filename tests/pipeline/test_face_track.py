from fractions import Fraction

import numpy as np

from heygem.pipeline.face_track import FaceTrack, bridge_gaps, fade_weights, list_unchanged
from heygem.pipeline.references import choose_references, measure_opening
from heygem.pipeline.smoothing import smooth_track
from tests.pipeline.faces import place_face


def make_track(points, shots=(0,)):
    return FaceTrack(np.stack(points).astype(np.float32), shots, 1)


LOST = np.full((131, 2), np.nan)


def test_short_gaps_are_bridged_by_straight_lines_and_long_ones_left():
    faces = [place_face(100 + 10 * n, 100) for n in range(12)]
    gappy = [LOST if n in (2, 3, 6, 7, 8) else face for n, face in enumerate(faces)]
    bridged = bridge_gaps(make_track(gappy))
    assert np.allclose(bridged.points[2:4], np.stack(faces[2:4]), atol=1e-3)
    assert list(np.flatnonzero(~bridged.found)) == [6, 7, 8]


def test_no_bridge_leads_over_a_cut():
    bridged = bridge_gaps(make_track([place_face(100, 100), LOST, place_face(100, 100)], shots=(0, 1)))
    assert not bridged.found[1]


def test_the_mouth_fades_at_gaps_but_not_at_cuts_and_ends():
    track = make_track([LOST if 20 <= n < 25 else place_face(100, 100) for n in range(60)], shots=(0, 40))
    weights = fade_weights(track)
    assert (weights[20:25] == 0).all()
    assert np.allclose(weights[16:20], [0.8, 0.6, 0.4, 0.2])
    assert np.allclose(weights[25:29], [0.2, 0.4, 0.6, 0.8])
    assert (weights[:16] == 1).all()
    assert (weights[29:] == 1).all()


def test_a_face_turned_away_is_left_unchanged():
    assert fade_weights(make_track([place_face(100, 100, turn=0.05)] * 3)).all()
    assert not fade_weights(make_track([place_face(100, 100, turn=0.7)] * 3)).any()


def test_unchanged_stretches_are_time_codes_of_the_output():
    ranges = list_unchanged(np.array([1, 1, 0, 0, 0.5, 0]), Fraction(25))
    assert [r.timecode() for r in ranges] == ["0:00.08-0:00.16", "0:00.20-0:00.24"]


def test_smoothing_stills_a_trembling_face():
    rng = np.random.default_rng(1)
    still = np.stack([place_face(200, 100)] * 60)
    trembling = still + rng.normal(0, 0.5, still.shape)
    smoothed = smooth_track(make_track(trembling)).points
    stable = [76, 92, 121]
    before = np.abs(np.diff(trembling[:, stable], axis=0)).mean()
    after = np.abs(np.diff(smoothed[:, stable], axis=0)).mean()
    assert after < before / 5


def test_smoothing_does_not_lag_behind_a_steady_movement():
    moving = [place_face(100 + 3 * n, 100 + n) for n in range(40)]
    smoothed = smooth_track(make_track(moving)).points
    assert np.abs(smoothed - np.stack(moving)).max() < 0.05


def test_smoothing_does_not_flatten_a_nod():
    nod = [place_face(200, 100 + 6 * np.sin(2 * np.pi * n / 20)) for n in range(60)]
    smoothed = smooth_track(make_track(nod)).points
    assert np.abs(smoothed - np.stack(nod)).max() < 0.4


def test_smoothing_keeps_quick_lips_on_a_still_head():
    openings = [0.05 + 0.2 * (1 + np.sin(2 * np.pi * 5 * n / 25)) for n in range(50)]  # five syllables a second
    track = make_track([place_face(200, 100, opening=opening) for opening in openings])
    smoothed = [measure_opening(points) for points in smooth_track(track).points]
    assert np.corrcoef(openings, smoothed)[0, 1] > 0.99
    assert np.ptp(smoothed) > 0.75 * np.ptp(openings)


def test_smoothing_in_blocks_leaves_no_trace(monkeypatch):
    rng = np.random.default_rng(4)
    track = make_track(np.stack([place_face(200 + n, 100) for n in range(90)]) + rng.normal(0, 0.5, (90, 131, 2)))
    whole = smooth_track(track).points
    monkeypatch.setattr("heygem.pipeline.smoothing._BLOCK", 20)
    assert np.allclose(smooth_track(track).points, whole, atol=1e-4)


def test_smoothing_copes_with_stretches_of_one_and_two_frames():
    track = make_track([place_face(100, 100), LOST, place_face(100, 100), place_face(102, 100), LOST])
    smoothed = smooth_track(track)
    assert list(smoothed.found) == [True, False, True, True, False]
    assert np.allclose(smoothed.points[0], track.points[0], atol=1e-3)


def test_references_go_from_an_open_mouth_to_a_closed_one():
    openings = np.random.default_rng(2).permutation(np.linspace(0, 0.5, 200))
    track = make_track([place_face(100, 100, opening=float(opening)) for opening in openings])
    chosen = choose_references(track, 3)
    found = [measure_opening(track.points[frame]) for frame in chosen]
    assert found[0] > 0.4
    assert found[2] < 0.1
    assert found == sorted(found, reverse=True)


def test_references_avoid_turned_faces_and_do_not_repeat():
    faces = [place_face(100, 100, opening=0.1)] * 6 + [place_face(100, 100, opening=0.6, turn=0.5)] * 2
    assert all(frame < 6 for frame in choose_references(make_track(faces), 3))
    assert len(choose_references(make_track(faces[:1]), 3)) == 1
    assert choose_references(make_track([LOST]), 3) == []
