"""Films with a mouth that is a dark bar, to a voice that hums for two seconds and is silent for two."""

import subprocess
from dataclasses import replace
from fractions import Fraction

import imageio_ffmpeg
import numpy as np
import pytest

from heygem.domain.errors import CancelledError
from heygem.domain.inspection import QualityProblem
from heygem.domain.job import SEGMENT_FRAMES
from heygem.domain.progress import CancelToken
from heygem.media.encode import VideoEncoder
from heygem.media.ffmpeg_binary import find_ffmpeg
from heygem.media.ffmpeg_command import EncodePlan, EncodeSettings
from heygem.media.join import JoinPlan, join_film
from heygem.media.probe import probe_audio
from heygem.media.sound import SoundEncoder
from heygem.pipeline.quality import MOST_FRAMES, Expected, check_quality, choose_looks
from tests.pipeline.faces import place_face

RATE, COUNT, UNIT, X, Y = Fraction(25), 100, 60.0, 160, 120
MOUTH_ROW = 180  # of its middle


class BarLandmarker:
    """Sees how high the dark bar is."""

    def find(self, frame, roi):  # noqa: ARG002 - the landmarker's signature
        rows = int((frame[MOUTH_ROW - 30 : MOUTH_ROW + 30, X] < 60).all(axis=1).sum())
        return place_face(X, Y, UNIT, opening=rows / UNIT), 1.0


def draw(height, shade=170):
    frame = np.full((240, 320, 3), shade, np.uint8)
    frame[MOUTH_ROW - height // 2 : MOUTH_ROW - height // 2 + height, X - 20 : X + 20] = 20
    return frame


def speaks(number):
    return number < COUNT // 2


@pytest.fixture(scope="module")
def voice(tmp_path_factory):
    path = tmp_path_factory.mktemp("voice") / "v.wav"
    hum = "aevalsrc='if(lt(t,2),0.4*sin(440*t)*sin(3000*t),0)':d=4:s=16000"
    subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", hum, str(path)], check=True)
    return probe_audio(path)


@pytest.fixture
def film(tmp_path, voice):
    def make(draw_frame, count=COUNT, sound_s=Fraction(4)):
        plan = EncodePlan(tmp_path / "1.mp4", 320, 240, RATE, count, settings=EncodeSettings("libx264", "veryfast", 18))
        with VideoEncoder(find_ffmpeg(), plan) as encoder:
            for number in range(count):
                encoder.write(draw_frame(number))
            part = encoder.finish()
        with SoundEncoder(find_ffmpeg(), voice, sound_s, tmp_path / "v.m4a") as sound:
            sound.finish()
        join_film(JoinPlan([part], tmp_path / "v.m4a", RATE, {}), tmp_path / "film.mp4", CancelToken())
        return tmp_path / "film.mp4"

    return make


def expect(count=COUNT, weights=1.0):
    points = place_face(X, Y, UNIT, opening=0.3)[None]
    return Expected(RATE, np.zeros(count, int), points, np.full(1, weights, np.float32))


def check(film, expected=None):
    return check_quality(film, expected or expect(), BarLandmarker(), CancelToken())


def wave(number):
    return 8 + round(6 * np.sin(number))


def test_a_good_film(film):
    report = check(film(lambda number: draw(wave(number) if speaks(number) else 2)))
    assert report.problems == ()
    assert (report.frame_count, report.duration_s, report.face_share) == (COUNT, 4.0, 1.0)
    assert report.speech_motion == pytest.approx(6 / np.sqrt(2) / UNIT, abs=0.02)
    assert report.silence_motion == pytest.approx(0, abs=0.005)
    assert report.looked_at == 16
    assert report.frozen_frames <= 3  # where the wave turns


@pytest.mark.parametrize(
    ("draw_frame", "problems"),
    [
        (lambda _: draw(4), {QualityProblem.STILL_MOUTH, QualityProblem.FROZEN_MOUTH}),
        (lambda number: draw(wave(number)), {QualityProblem.RESTLESS_MOUTH}),
        (lambda number: draw(wave(number), 0 if number > 80 else 170), {QualityProblem.BLACK_FRAMES}),
        (lambda number: draw(wave(number // 8 * 8) if speaks(number) else 2), {QualityProblem.FROZEN_MOUTH}),
    ],
)
def test_what_is_wrong_is_told(film, draw_frame, problems):
    assert problems <= set(check(film(draw_frame)).problems)


@pytest.mark.parametrize(("count", "sound_s"), [(COUNT - 1, Fraction(99, 25)), (COUNT, Fraction(3))])
def test_frames_or_sound_that_are_missing(film, count, sound_s):
    report = check(film(lambda number: draw(wave(number)), count, sound_s))
    assert QualityProblem.WRONG_LENGTH in report.problems
    assert report.frame_count == count


def test_without_a_face_there_is_nothing_to_measure(film):
    report = check(film(lambda _: draw(4)), expect(weights=0.0))
    assert report.problems == (QualityProblem.LITTLE_FACE,)
    assert (report.speech_motion, report.silence_motion, report.looked_at) == (None, None, 0)


def test_checking_heeds_the_token(film):
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        check_quality(film(lambda _: draw(4)), expect(), BarLandmarker(), cancel)


@pytest.mark.parametrize("count", [1, 2, 100, 260, 1000, 180_000])
def test_looks_are_few_and_cheap_to_come_to(count):
    talks = np.random.default_rng(0).random(count) < 0.8
    groups = choose_looks(talks, ~talks, SEGMENT_FRAMES)
    looks = [look for group in groups for look in group]
    assert len(set(looks)) == len(looks) <= min(MOST_FRAMES, max(16, 0.035 * count + 1))
    assert all(0 < look < count for look in looks)
    for group in groups:
        assert len({look // SEGMENT_FRAMES for look in group}) <= 1
    depth = sum(max(group) % SEGMENT_FRAMES for group in groups if group)
    assert depth <= max(250, 0.18 * count)
    if count >= 100:
        assert int(talks[looks].sum()) == pytest.approx(len(looks) / 2, abs=1)
        assert max(looks) > 0.6 * count - SEGMENT_FRAMES


def test_a_silence_that_comes_late_is_gone_to():
    silent = np.zeros(2000, bool)
    silent[1180:1200] = True
    looks = [look for group in choose_looks(~silent, silent, SEGMENT_FRAMES) for look in group]
    assert silent[looks].sum() >= 8


def test_a_face_that_is_hidden_for_a_while_is_not_looked_at_then(film):
    expected = expect()
    expected = replace(expected, sources=np.arange(COUNT), points=np.repeat(expected.points, COUNT, axis=0))
    weights = np.ones(COUNT, np.float32)
    weights[60:70] = 0
    expected = replace(expected, weights=weights)
    shown = film(lambda number: draw(2 if not speaks(number) else wave(number), 0 if 60 <= number < 70 else 170))
    report = check(shown, expected)
    assert report.problems == ()
    assert report.face_share == 0.9
