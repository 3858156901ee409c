import os

import numpy as np

from heygem.domain.job import FaceChoice
from heygem.pipeline.face_track import FaceTrack
from heygem.pipeline.track_cache import TrackCache
from tests.pipeline.faces import place_face

TRACK = FaceTrack(np.stack([place_face(100 + n, 90) for n in range(10)]), (0, 6), 2)
LARGEST, LEFT = FaceChoice(), FaceChoice.parse("left")


def make_cache(folder, max_bytes=10**6, weights_id="w1"):
    return TrackCache(folder, max_bytes, weights_id)


def test_a_stored_track_comes_back_also_for_fewer_frames(tmp_path):
    cache = make_cache(tmp_path)
    cache.store("a" * 64, LARGEST, TRACK)
    found = cache.find("a" * 64, LARGEST, 5)
    assert np.array_equal(found.points, TRACK.points[:5])
    assert found.shots == (0,)
    assert found.face_count == 2
    assert cache.find("a" * 64, LARGEST, 10).shots == (0, 6)


def test_other_content_choice_weights_or_more_frames_are_not_found(tmp_path):
    make_cache(tmp_path).store("a" * 64, LARGEST, TRACK)
    assert make_cache(tmp_path).find("b" * 64, LARGEST, 5) is None
    assert make_cache(tmp_path).find("a" * 64, LEFT, 5) is None
    assert make_cache(tmp_path).find("a" * 64, LARGEST, 11) is None
    assert make_cache(tmp_path, weights_id="w2").find("a" * 64, LARGEST, 5) is None


def test_a_damaged_file_is_as_good_as_none(tmp_path):
    cache = make_cache(tmp_path)
    cache.store("a" * 64, LARGEST, TRACK)
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(path.read_bytes()[:100])
    assert cache.find("a" * 64, LARGEST, 5) is None


def test_the_track_used_longest_ago_makes_room(tmp_path):
    cache = make_cache(tmp_path, max_bytes=25_000)
    for age, name in [(300, "a"), (200, "b"), (100, "c")]:
        cache.store(name * 64, LARGEST, TRACK)
        for path in tmp_path.glob(f"{name}*"):
            os.utime(path, (path.stat().st_atime - age,) * 2)
    cache.store("d" * 64, LARGEST, TRACK)
    assert cache.find("a" * 64, LARGEST, 1) is None
    assert cache.find("d" * 64, LARGEST, 1) is not None
    assert not list(tmp_path.glob(".*"))
