import numpy as np
import pytest

from heygem.domain.errors import FaceChoiceError
from heygem.domain.job import FaceChoice
from heygem.pipeline.track import track_face
from tests.pipeline.faces import ScriptedTracker, numbered_frame, place_face

SMALL, LARGE = place_face(100, 80, unit=40), place_face(300, 90, unit=70)


def run(script, count, choice="largest", shades=None):
    tracker = ScriptedTracker(script)
    frames = (numbered_frame(number, shades[number] if shades else 90) for number in range(count))
    return track_face(frames, tracker, tracker, FaceChoice.parse(choice)), tracker


@pytest.mark.parametrize(
    ("choice", "wanted"), [("largest", LARGE), ("left", SMALL), ("right", LARGE), ("1", SMALL), ("2", LARGE)]
)
def test_rule_picks_the_face(choice, wanted):
    track, _ = run({key: [LARGE, SMALL] for key in range(5)}, 5, choice)
    assert np.array_equal(track.points, np.stack([wanted] * 5))
    assert track.face_count == 2


def test_number_beyond_the_faces_is_an_error_that_tells_how_many_there_are():
    with pytest.raises(FaceChoiceError) as raised:
        run({key: [LARGE, SMALL] for key in range(5)}, 5, "3")
    assert raised.value.context["faces"] == 2


def test_the_chosen_face_is_followed_when_another_grows_larger():
    script = {n: [place_face(100 + n, 80, unit=60), place_face(300, 90, unit=40 + n)] for n in range(50)}
    track, _ = run(script, 50)
    assert np.array_equal(track.points[49], script[49][0])


def test_a_lost_face_is_taken_up_again_where_it_was_not_its_neighbour():
    script = {n: [SMALL, LARGE] for n in range(40)}
    for n in range(10, 20):
        script[n] = [SMALL]
    track, _ = run(script, 40)
    assert list(np.flatnonzero(~track.found)) == list(range(10, 20))
    assert np.array_equal(track.points[30], LARGE)


def test_a_cut_begins_a_shot_in_which_the_rule_chooses_anew():
    script = {n: [LARGE] if n < 10 else [SMALL, place_face(300, 120, unit=30)] for n in range(20)}
    track, _ = run(script, 20, shades=[60] * 10 + [180] * 10)
    assert track.shots == (0, 10)
    assert np.array_equal(track.points[15], SMALL)


def test_frames_without_any_face_stay_nan():
    track, tracker = run({}, 30)
    assert not track.found.any()
    assert track.face_count == 0
    assert len(tracker.detected) < 30  # ever more rarely


def test_an_empty_video_gives_an_empty_track():
    track, _ = run({}, 0)
    assert len(track) == 0
