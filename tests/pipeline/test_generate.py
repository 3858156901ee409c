"""The whole job on real media, with a face that is a red square and an engine that paints every mouth green."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

import av
import cv2
import imageio_ffmpeg
import numpy as np
import pytest

from heygem.config.settings import LimitSettings
from heygem.domain.errors import CancelledError, DiskFullError, FrameTooLargeError, MediaTooLongError, NoFaceError
from heygem.domain.job import SEGMENT_FRAMES, LipSyncRequest
from heygem.domain.landmarks import Box
from heygem.domain.progress import CancelToken, Progress, Stage
from heygem.engines.alignment import CropSpec
from heygem.engines.engine import VoiceFeatures
from heygem.media.decode import FrameReader
from heygem.media.ffmpeg_binary import find_ffmpeg
from heygem.media.ffmpeg_command import EncodeSettings
from heygem.media.probe import probe_audio, probe_video
from heygem.pipeline.generate import Generator
from heygem.pipeline.track_cache import TrackCache
from tests.pipeline.faces import FakeDetection, place_face

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
CROP = CropSpec(64, (0.0, 0.85), 1.2)
RED, GREEN = (30, 30, 200), (40, 200, 40)  # BGR


@dataclass
class SquareTracker:
    """Finds the red square; stands in for detector and landmarker. Counts what the detector looks at."""

    looks: int = 0

    def _square(self, frame):
        rows, columns = np.nonzero((frame[..., 2] > 120) & (frame[..., 0] < 90) & (frame[..., 1] < 90))
        return None if len(rows) < 400 else (float(columns.min()), float(rows.min()), float(columns.max()))

    def detect(self, frame):
        self.looks += 1
        if (square := self._square(frame)) is None:
            return []
        left, top, right = square
        return [FakeDetection(Box(left, top, right, top + right - left))]

    def find(self, frame, roi):  # noqa: ARG002 - the landmarker's signature
        if (square := self._square(frame)) is None:
            return place_face(0, 0), 0.0
        left, top, right = square
        unit = (right - left) / 1.6
        return place_face((left + right) / 2, top + 0.63 * unit, unit), 1.0


@dataclass
class GreenEngine:
    """Paints the whole crop green; remembers what it was asked."""

    name: str = "green"
    weights_id: str = "paint"
    device_name: str = "cpu"
    crop: CropSpec = CROP
    reference_count: int = 3
    batch_size: int = 4
    pause_s: float = 0.0
    listened: int = 0
    times_s: list[float] = field(default_factory=list)
    skipped_s: list[float] = field(default_factory=list)
    on_paint: Callable[[float], object] = lambda _: None
    references: int = 0

    @property
    def paste_mask(self):
        mask = np.zeros((64, 64), np.float32)
        mask[12:52, 12:52] = 1
        return cv2.GaussianBlur(mask, (0, 0), 2)

    def listen(self, waveform):
        self.listened += 1
        return VoiceFeatures(np.concatenate(list(waveform))[:, None], 16000)

    def perform(self, voice, faces, references):
        assert voice.values.shape[1] == 1
        assert faces.shape[1:] == (131, 2)
        self.references = len(references)
        return self

    def skip(self, points, time_s):
        assert points.shape == (131, 2)
        self.skipped_s.append(time_s)

    def paint(self, requests):
        time.sleep(self.pause_s * len(requests))
        self.times_s += [request.time_s for request in requests]
        self.on_paint(self.times_s[-1])
        return np.full((len(requests), 64, 64, 3), GREEN, np.uint8)


def run_ffmpeg(*arguments):
    subprocess.run([FFMPEG, "-loglevel", "error", "-y", *map(str, arguments)], check=True)


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A second of a face that moves over blue, is gone for frames 10 to 14 of 25, and voices of several lengths."""
    folder = tmp_path_factory.mktemp("media")
    for number in range(25):
        frame = np.full((240, 320, 3), (160, 110, 60), np.uint8)
        if not 10 <= number < 15:
            cv2.rectangle(frame, (80 + 2 * number, 40), (80 + 2 * number + 120, 160), RED, -1)
        cv2.imwrite(str(folder / f"{number:03d}.png"), frame)
    run_ffmpeg("-framerate", "25", "-i", folder / "%03d.png", "-crf", "10", "-pix_fmt", "yuv420p", folder / "face.mp4")
    run_ffmpeg("-f", "lavfi", "-i", "color=c=blue:s=320x240:d=1:r=25", "-pix_fmt", "yuv420p", folder / "nobody.mp4")
    for seconds in (0.6, 3.0):
        run_ffmpeg("-f", "lavfi", "-i", f"sine=440:d={seconds}:r=22050", folder / f"voice{seconds}.wav")
    return folder


def make_generator(cache, engine=None, tracker=None, segment_frames=SEGMENT_FRAMES, **limits):
    tracker = tracker or SquareTracker()
    return Generator(
        engine=engine or GreenEngine(),
        detector=tracker,
        landmarker=tracker,
        tracks=TrackCache(cache, 10**7, "test"),
        limits=LimitSettings(**limits),
        encoding=EncodeSettings("libx264", "veryfast", 10),
        ffmpeg=find_ffmpeg(),
        segment_frames=segment_frames,
    )


def generate(generator, person, voice, output, sink=lambda _: None, cancel=None, work_dir=None):
    return generator.generate(LipSyncRequest(person, voice, output), sink, cancel or CancelToken(), work_dir)


def is_green(frame, place):
    """Whether the mouth of the square face of source frame `place` is painted."""
    x, y = 80 + 2 * place + 60, 40 + int(120 / 1.6 * (0.63 + 0.85))
    return np.abs(frame[y, x].astype(int) - GREEN).max() < 40


def test_a_voice_longer_than_the_video_goes_to_and_fro_with_the_mouth_painted_where_there_is_a_face(media, tmp_path):
    engine = GreenEngine()
    result = generate(make_generator(tmp_path, engine), media / "face.mp4", media / "voice3.0.wav", tmp_path / "o.mp4")
    facts = probe_video(tmp_path / "o.mp4")
    assert (facts.frame_count, facts.frame_rate, facts.width, facts.height) == (75, Fraction(25), 320, 240)
    assert probe_audio(tmp_path / "o.mp4").sample_rate == 22050
    walk = [*range(25), *range(23, 0, -1), *range(25), *range(23, 20, -1)][:75]
    frames = list(FrameReader(facts).read())
    painted = [is_green(frame, place) for frame, place in zip(frames, walk, strict=True)]
    sure = [place not in range(7, 18) for place in walk]  # beside the gap the mouth fades
    assert all(p for p, s in zip(painted, sure, strict=True) if s)
    assert not any(p for p, place in zip(painted, walk, strict=True) if 10 <= place < 15)
    assert [r.timecode() for r in result.unchanged][:2] == ["0:00.40-0:00.60", "0:01.36-0:01.56"]
    assert result.frame_count == 75
    with av.open(tmp_path / "o.mp4") as container:
        assert "AI-generated" in container.metadata["comment"]
    assert engine.references == 3
    assert engine.times_s == sorted(engine.times_s)
    assert engine.times_s[-1] == pytest.approx(74 / 25)


def test_the_output_ends_with_a_shorter_voice(media, tmp_path):
    generate(make_generator(tmp_path), media / "face.mp4", media / "voice0.6.wav", tmp_path / "o.mp4")
    assert probe_video(tmp_path / "o.mp4").frame_count == 15
    assert abs(probe_audio(tmp_path / "o.mp4").duration_s - 0.6) < 0.04


def test_a_photo_speaks_for_as_long_as_the_voice(media, tmp_path):
    result = generate(make_generator(tmp_path), media / "005.png", media / "voice0.6.wav", tmp_path / "o.mp4")
    assert result.frame_count == 15
    frames = list(FrameReader(probe_video(tmp_path / "o.mp4")).read())
    assert all(is_green(frame, 5) for frame in frames)


def test_a_second_job_with_the_same_video_and_voice_tracks_and_listens_no_more(media, tmp_path):
    engine, tracker = GreenEngine(), SquareTracker()
    generator = make_generator(tmp_path / "cache", engine, tracker)
    first = generate(generator, media / "face.mp4", media / "voice3.0.wav", tmp_path / "1.mp4")
    looks = tracker.looks
    (tmp_path / "renamed.mp4").write_bytes((media / "face.mp4").read_bytes())
    second = generate(generator, tmp_path / "renamed.mp4", media / "voice3.0.wav", tmp_path / "2.mp4")
    assert (first.is_track_cached, second.is_track_cached) == (False, True)
    assert tracker.looks == looks
    assert engine.listened == 1
    assert (tmp_path / "1.mp4").read_bytes() == (tmp_path / "2.mp4").read_bytes()


def test_progress_tells_every_stage_to_its_end_and_an_eta_that_ends_at_zero(media, tmp_path):
    events: list[Progress] = []
    generator = make_generator(tmp_path, GreenEngine(pause_s=0.02))
    generate(generator, media / "face.mp4", media / "voice3.0.wav", tmp_path / "o.mp4", events.append)
    stages = list(dict.fromkeys(event.stage for event in events))
    assert stages == list(Stage)
    for stage in stages:
        dones = [event.done for event in events if event.stage is stage]
        assert dones == sorted(dones)
        assert dones[-1] == next(event.total for event in reversed(events) if event.stage is stage)
    assert events[-1].total == 75
    etas = [event.eta_s for event in events if event.stage is Stage.RENDER and event.eta_s is not None]
    assert etas[0] > 0.3
    assert etas[-1] == 0


def test_cancelling_takes_effect_within_a_second_and_leaves_nothing(media, tmp_path):
    out = tmp_path / "out"
    cancel, cancelled_at = CancelToken(), list[float]()

    def sink(event):
        if event.stage is Stage.RENDER and event.done >= 10 and not cancelled_at:
            cancelled_at.append(time.monotonic())
            cancel.cancel()

    generator = make_generator(tmp_path / "cache", GreenEngine(pause_s=0.05))
    with pytest.raises(CancelledError):
        generate(generator, media / "face.mp4", media / "voice3.0.wav", out / "o.mp4", sink, cancel)
    assert time.monotonic() - cancelled_at[0] < 1
    assert list(out.iterdir()) == []
    assert not is_ffmpeg_writing(out)


def is_ffmpeg_writing(folder):
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return str(folder) in listing


@pytest.mark.parametrize(
    ("person", "voice", "limits", "error"),
    [
        ("nobody.mp4", "voice0.6.wav", {}, NoFaceError),
        ("face.mp4", "voice3.0.wav", {"max_duration_min": 0.01}, MediaTooLongError),
        ("face.mp4", "voice0.6.wav", {"max_side_px": 300}, FrameTooLargeError),
        ("face.mp4", "voice0.6.wav", {"disk_reserve_mb": 10**9}, DiskFullError),
    ],
)
def test_what_cannot_work_is_refused_and_leaves_nothing(media, tmp_path, person, voice, limits, error):
    out = tmp_path / "out"
    with pytest.raises(error):
        generate(make_generator(tmp_path / "cache", **limits), media / person, media / voice, out / "o.mp4")
    assert not out.exists() or list(out.iterdir()) == []
