"""The inspector on real files, with the real detector: what it sees in persons and voices, what it warns of, what it
refuses, and how quickly."""

import time
import wave
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pytest
import torch
from skimage import data

from heygem.config.settings import LimitSettings
from heygem.domain.errors import (
    CancelledError,
    FrameTooLargeError,
    HeyGemError,
    MediaEmptyError,
    MediaNotFoundError,
    MediaTooLongError,
    MediaTruncatedError,
    MediaUnreadableError,
    NoFaceError,
    NoPictureError,
    NoSoundError,
    VoiceSilentError,
)
from heygem.domain.inspection import Inspection, MediaKind, MediaWarning
from heygem.domain.progress import CancelToken
from heygem.engines.alignment import Image
from heygem.engines.face_tracker import load_face_tracker
from heygem.media.content_hash import hash_file
from heygem.media.probe import probe_video
from heygem.pipeline.inspect import LOOKS, Inspector
from heygem.pipeline.track import Detection, Detector
from tests.pipeline.test_generate import SquareTracker, run_ffmpeg

ROOT: Final = Path(__file__).parents[2]
MODELS: Final = ROOT / "models"
CLIPS: Final = ROOT.parent / "shared" / "clips"
H264: Final = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
RATE: Final = 48_000


@pytest.fixture(scope="module")
def detector() -> Detector:
    return load_face_tracker(MODELS, torch.device("cpu")).detector


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos and videos of the astronaut, and what has no face."""
    folder = tmp_path_factory.mktemp("inspected")
    person = cv2.resize(data.astronaut()[:300, 60:380, ::-1], (640, 600))
    cv2.imwrite(str(folder / "one.png"), person)
    cv2.imwrite(str(folder / "two.png"), np.hstack([person, person]))
    small = np.full((720, 1280, 3), 90, np.uint8)
    small[:200, :214] = cv2.resize(person, (214, 200))
    cv2.imwrite(str(folder / "small.png"), small)
    still = ("-loop", "1", "-r", "25", "-i", folder / "one.png")
    run_ffmpeg(*still, "-t", "2", *H264, folder / "one.mp4")
    run_ffmpeg(*still, "-t", "0.4", *H264, folder / "brief.mp4")
    run_ffmpeg("-display_rotation", "90", "-i", folder / "one.mp4", "-c", "copy", folder / "lying.mp4")
    run_ffmpeg("-i", folder / "one.mp4", "-vf", "transpose=1", *H264, folder / "turned.mp4")
    run_ffmpeg("-display_rotation", "90", "-i", folder / "turned.mp4", "-c", "copy", folder / "upright.mp4")
    run_ffmpeg(*still, "-t", "1", "-vf", "scale=320:600,setsar=2", *H264, folder / "wide.mp4")
    run_ffmpeg("-f", "lavfi", "-i", "testsrc=s=640x360:r=25:d=6", *H264, folder / "nobody.mp4")
    run_ffmpeg("-i", folder / "nobody.mp4", "-f", "lavfi", "-i", "sine=440:d=6", folder / "sounding.mp4")
    return folder


def inspect_person(
    path: Path, detector: Detector, limits: LimitSettings | None = None, cancel: CancelToken | None = None
) -> Inspection:
    return Inspector(detector, limits or LimitSettings()).inspect(path, MediaKind.PERSON, cancel or CancelToken())


def inspect_voice(path: Path, cancel: CancelToken | None = None, **limits: float) -> Inspection:
    inspector = Inspector(SquareTracker(), LimitSettings.model_validate(limits))
    return inspector.inspect(path, MediaKind.VOICE, cancel or CancelToken())


def open_thumbnail(inspection: Inspection) -> Image:
    image = cv2.imdecode(np.frombuffer(inspection.thumbnail, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image.astype(np.uint8)


@pytest.mark.parametrize(
    ("name", "faces", "warnings"),
    [
        ("one.png", 1, ()),
        ("two.png", 2, (MediaWarning.SEVERAL_FACES,)),
        ("small.png", 1, (MediaWarning.SMALL_FACE,)),
        ("one.mp4", 1, ()),
        ("brief.mp4", 1, (MediaWarning.SHORT_VIDEO,)),
        ("upright.mp4", 1, ()),
    ],
)
def test_what_is_seen_of_a_person(folder, detector, name, faces, warnings) -> None:
    seen, facts = inspect_person(folder / name, detector), probe_video(folder / name)
    assert (seen.faces, seen.face_share, seen.warnings) == (faces, 1.0, warnings)
    assert (seen.width, seen.height, seen.frame_count) == (facts.width, facts.height, facts.frame_count)
    assert Fraction(seen.frame_rate).limit_denominator(1001) == facts.frame_rate
    assert seen.is_photo == name.endswith("png")
    assert seen.sha256 == hash_file(folder / name, CancelToken())
    height, width = open_thumbnail(seen).shape[:2]
    assert max(height, width) == 320
    assert width / height == pytest.approx(facts.width / facts.height, rel=0.01)


def test_a_thumbnail_stands_upright_as_the_rotation_says(folder, detector) -> None:
    straight = open_thumbnail(inspect_person(folder / "one.mp4", detector)).astype(int)
    upright = open_thumbnail(inspect_person(folder / "upright.mp4", detector)).astype(int)
    assert upright.shape == straight.shape
    assert np.abs(upright - straight).mean() < 6
    with pytest.raises(NoFaceError):  # the same picture, said to be lying
        inspect_person(folder / "lying.mp4", detector)


def test_a_thumbnail_has_square_pixels(folder, detector) -> None:
    height, width = open_thumbnail(inspect_person(folder / "wide.mp4", detector)).shape[:2]
    assert width / height == pytest.approx(640 / 600, rel=0.01)


@dataclass
class CountingDetector:
    """Counts looks, and runs something at each."""

    inner: Detector
    seen: list[Sequence[Detection]] = field(default_factory=list)
    token: CancelToken = field(default_factory=CancelToken)
    cancel_at: int | None = None

    def detect(self, frame: Image) -> Sequence[Detection]:
        self.seen.append(self.inner.detect(frame))
        if len(self.seen) == self.cancel_at:
            self.token.cancel()
        return self.seen[-1]


@pytest.fixture(scope="module")
def glimpse(folder: Path) -> Path:
    """Four minutes of blue with a red square, the stand-in's face, from 3:07.3 to 3:08.4."""
    square = "drawbox=x=80:y=40:w=120:h=120:color=0xC81E1E:t=fill:enable='between(t,187.3,188.4)'"
    source = f"color=0x3C6EA0:s=320x240:r=25:d=240,{square}"
    run_ffmpeg("-f", "lavfi", "-i", source, *H264, "-g", "250", "-sc_threshold", "0", folder / "glimpse.mp4")
    return folder / "glimpse.mp4"


def test_a_face_that_shows_for_a_second_is_not_missed(glimpse) -> None:
    detector = CountingDetector(SquareTracker())
    seen = inspect_person(glimpse, detector)
    assert not any(detector.seen[:LOOKS])  # which is what this is about
    assert 0 < seen.face_share < 0.02
    assert MediaWarning.FACE_IN_PART in seen.warnings
    red = open_thumbnail(seen)[100, 140].astype(int)
    assert red[2] > 150 > 90 > red[0]


def test_a_face_in_half_of_a_video(folder) -> None:
    square = "drawbox=x=80:y=40:w=120:h=120:color=0xC81E1E:t=fill:enable='lt(t,10)'"
    run_ffmpeg("-f", "lavfi", "-i", f"color=0x3C6EA0:s=320x240:r=25:d=20,{square}", *H264, folder / "half.mp4")
    seen = inspect_person(folder / "half.mp4", SquareTracker())
    assert seen.face_share == pytest.approx(0.5, abs=0.1)
    assert seen.warnings == (MediaWarning.FACE_IN_PART, MediaWarning.LOW_RESOLUTION)


def test_a_varying_frame_rate_is_told(folder) -> None:
    pts = "settb=1/1000,setpts='if(lt(N,25),N*40,1000+(N-25)*90)'"
    square = "drawbox=x=80:y=40:w=120:h=120:color=0xC81E1E:t=fill"
    run_ffmpeg("-f", "lavfi", "-i", f"color=0x3C6EA0:s=480x360:r=25:d=3,{square},{pts}", "-fps_mode", "passthrough",
               *H264, folder / "varying.mkv")  # fmt: skip
    assert inspect_person(folder / "varying.mkv", SquareTracker()).warnings == (MediaWarning.VARIABLE_RATE,)


@pytest.mark.parametrize("ending", ["avi", "mpg", "ts", "flv", "wmv", "mkv", "mov", "gif"])
def test_every_container_is_looked_through(folder, ending) -> None:
    square = "drawbox=x=80:y=40:w=120:h=120:color=0xC81E1E:t=fill"
    path = folder / f"square.{ending}"
    run_ffmpeg("-f", "lavfi", "-i", f"color=0x3C6EA0:s=320x240:r=25:d=30,{square}", path)
    detector = CountingDetector(SquareTracker())
    assert inspect_person(path, detector).face_share == 1.0
    assert 4 <= len(detector.seen) <= LOOKS


@pytest.mark.parametrize("name", ["nobody.mp4", "sounding.mp4"])
def test_nobody_there(folder, detector, name) -> None:
    with pytest.raises(NoFaceError) as raised:
        inspect_person(folder / name, detector)
    assert raised.value.path == folder / name


def test_cancelling_is_heeded_at_the_next_frame(folder) -> None:
    detector = CountingDetector(SquareTracker(), cancel_at=3)
    with pytest.raises(CancelledError):
        inspect_person(folder / "nobody.mp4", detector, cancel=detector.token)
    assert len(detector.seen) == 3


def test_what_cannot_be_read_is_refused_in_no_time(folder, detector) -> None:
    whole = (folder / "one.mp4").read_bytes()
    expected: dict[str, type[HeyGemError]] = {
        "missing.mp4": MediaNotFoundError,
        "empty.mp4": MediaEmptyError,
        "text.mp4": MediaUnreadableError,
        "tail.mp4": MediaUnreadableError,
        "voice.wav": NoPictureError,
    }
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("words\n" * 1000)
    (folder / "tail.mp4").write_bytes(whole[: len(whole) // 2])
    write_voice(folder / "voice.wav", speech(1.0))
    for name, error in expected.items():
        begun = time.monotonic()
        with pytest.raises(error):
            inspect_person(folder / name, detector)
        assert time.monotonic() - begun < 1
    run_ffmpeg("-i", folder / "one.mp4", "-c", "copy", "-movflags", "+faststart", folder / "fast.mp4")
    whole = (folder / "fast.mp4").read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(MediaTruncatedError):
        inspect_person(folder / "cut.mp4", detector)


def test_bytes_that_were_changed_do_no_more_than_fail(folder, detector) -> None:
    """Damage anywhere: an inspection or an error of the tree, soon."""
    rng = np.random.default_rng(7)
    for name in ("one.mp4", "one.ts", "one.avi"):
        if not (folder / name).exists():
            run_ffmpeg("-i", folder / "one.mp4", folder / name)
        whole = np.frombuffer((folder / name).read_bytes(), np.uint8)
        for _ in range(6):
            damaged = whole.copy()
            damaged[rng.integers(0, len(whole), 200)] = rng.integers(0, 256, 200)
            path = folder / f"damaged-{name}"
            path.write_bytes(damaged.tobytes())
            begun = time.monotonic()
            with suppress(HeyGemError):
                assert inspect_person(path, detector).frame_count > 0
            assert time.monotonic() - begun < 10


def test_limits_are_those_of_jobs(folder, detector) -> None:
    with pytest.raises(FrameTooLargeError):
        inspect_person(folder / "one.mp4", detector, LimitSettings(max_side_px=500))
    write_voice(folder / "three.wav", speech(3.0))
    with pytest.raises(MediaTooLongError):
        inspect_voice(folder / "three.wav", max_duration_min=0.04)


def speech(seconds: float, level_db: float = -20.0, pauses: float = 0.2) -> np.ndarray:
    """(N,) of 48 kHz: noise in syllables, its RMS while it sounds as told; the last part `pauses` is silence."""
    rng = np.random.default_rng(1)
    count = round(seconds * RATE)
    sound = rng.standard_normal(count)
    sound[round(count * (1 - pauses)) :] = 0
    return (sound * 10 ** (level_db / 20)).astype(np.float32)


def write_voice(path: Path, samples: np.ndarray) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


@pytest.mark.parametrize("level_db", [-14.0, -20.0, -30.0])
def test_level_is_that_of_what_is_spoken_and_silence_what_remains(tmp_path, level_db) -> None:
    write_voice(tmp_path / "v.wav", speech(10.0, level_db, pauses=0.4))
    seen = inspect_voice(tmp_path / "v.wav")
    in_band_db = level_db + 10 * np.log10(8_000 / 24_000)  # what 16 kHz keeps of white noise
    assert seen.level_db == pytest.approx(in_band_db, abs=0.7)
    assert seen.silent_share == pytest.approx(0.4, abs=0.05)
    assert (seen.duration_s, seen.warnings) == (10.0, ())


@pytest.mark.parametrize(
    ("samples", "warning"),
    [
        (speech(4.0, -48.0), MediaWarning.QUIET_VOICE),
        (speech(4.0, 6.0), MediaWarning.CLIPPED_VOICE),
        (speech(8.0, -20.0, pauses=0.8), MediaWarning.MOSTLY_SILENT),
    ],
)
def test_what_is_worth_saying_of_a_voice(tmp_path, samples, warning) -> None:
    write_voice(tmp_path / "v.wav", samples)
    assert inspect_voice(tmp_path / "v.wav").warnings == (warning,)


def test_a_voice_at_full_scale_is_not_clipped(tmp_path) -> None:
    tone = np.sin(np.arange(4 * RATE) * 2 * np.pi * 220 / RATE) * np.hanning(4 * RATE)
    write_voice(tmp_path / "v.wav", tone.astype(np.float32) * 0.97)
    assert inspect_voice(tmp_path / "v.wav").warnings == ()


@pytest.mark.parametrize(("samples", "level_db"), [(np.zeros(RATE), -120.0), (speech(2.0, -80.0, 0.0), -84.8)])
def test_a_silent_voice_is_refused_with_its_level(tmp_path, samples, level_db) -> None:
    write_voice(tmp_path / "v.wav", samples)
    with pytest.raises(VoiceSilentError) as raised:
        inspect_voice(tmp_path / "v.wav")
    assert raised.value.context["level_db"] == pytest.approx(level_db, abs=2)


def test_a_voice_needs_sound_and_heeds_cancelling(folder) -> None:
    with pytest.raises(NoSoundError):
        inspect_voice(folder / "nobody.mp4")
    assert inspect_voice(folder / "sounding.mp4").duration_s == pytest.approx(6, abs=0.05)
    cancelled = CancelToken()
    cancelled.cancel()
    with pytest.raises(CancelledError):
        inspect_voice(folder / "sounding.mp4", cancelled)


@pytest.mark.parametrize("name", ["val/talkers", "val/grid_multi"])
def test_real_people_are_seen_in_all_of_their_videos(detector, name) -> None:
    if not (CLIPS / name).is_dir():
        pytest.skip("the shared clips are not there")
    for path in sorted((CLIPS / name).glob("*.mp4"))[:6]:
        seen = inspect_person(path, detector)
        assert seen.face_share == 1.0
        assert MediaWarning.SMALL_FACE not in seen.warnings
        assert inspect_voice(path).level_db > -40
