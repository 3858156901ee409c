"""What a job is expected to make is what it makes; what it is expected to take grows with what there is to do."""

import random
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from heygem.config.settings import LimitSettings
from heygem.domain.inspection import Inspection, MediaKind
from heygem.domain.job import EngineName, LipSyncRequest
from heygem.domain.media import AudioFacts, VideoFacts
from heygem.media.frame_timing import STANDARD_RATES
from heygem.media.probe import probe_audio, probe_video
from heygem.pipeline import preflight
from heygem.pipeline.expectation import COPIES, build_preflight
from heygem.pipeline.preflight import plan_job
from tests.pipeline.test_generate import generate, make_generator, run_ffmpeg

PERSON = Inspection(
    MediaKind.PERSON, duration_s=20, width=1280, height=720, frame_rate=25.0, frame_count=500, face_share=1.0, faces=1
)
VOICE = Inspection(MediaKind.VOICE, duration_s=60.0)


def test_it_is_imported_without_anything_that_reads_media() -> None:
    code = "import sys, heygem.pipeline.expectation; print(sorted({'torch', 'cv2', 'av', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_frames_and_bytes_are_those_that_a_job_plans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(4)
    monkeypatch.setattr(preflight, "check_disk", lambda *_: None)
    for _ in range(500):
        rate = rng.choice([*STANDARD_RATES, Fraction(rng.randrange(1, 60_000), rng.randrange(1, 1001))])
        person = VideoFacts(Path("p"), rng.randrange(2, 4096), rng.randrange(2, 2304), rate, rng.randrange(1, 9999))
        voice = AudioFacts(Path("v"), 48_000, 1, rng.choice([rng.uniform(0.001, 7200), rng.randrange(1, 99) / 8]))
        monkeypatch.setattr(preflight, "probe_video", lambda _, person=person: person)
        monkeypatch.setattr(preflight, "probe_audio", lambda _, voice=voice: voice)
        plan = plan_job(LipSyncRequest(Path("p"), Path("v"), tmp_path / "o.mp4"), LimitSettings())
        seen = build_preflight(
            replace(PERSON, width=person.width, height=person.height, frame_rate=float(person.frame_rate)),
            replace(VOICE, duration_s=voice.duration_s),
        )
        assert (seen.frame_count, seen.expected_bytes) == (plan.frame_count, COPIES * plan.estimated_bytes)
        assert seen.duration_s == pytest.approx(float(plan.frame_count / rate))


@pytest.mark.parametrize(("rate", "seconds"), [("30000/1001", 1.234), ("25", 0.02), ("12.5", 0.9), ("50", 0.51)])
def test_a_job_makes_as_many_frames_as_were_expected(tmp_path: Path, rate: str, seconds: float) -> None:
    square = "drawbox=x=80:y=40:w=120:h=120:color=0xC81E1E:t=fill"
    run_ffmpeg("-f", "lavfi", "-i", f"color=0x3C6EA0:s=320x240:r={rate}:d=0.5,{square}", tmp_path / "p.mp4")
    run_ffmpeg("-f", "lavfi", "-i", f"sine=440:d={seconds}", tmp_path / "v.wav")
    result = generate(make_generator(tmp_path / "cache"), tmp_path / "p.mp4", tmp_path / "v.wav", tmp_path / "o.mp4")
    person, voice = probe_video(tmp_path / "p.mp4"), probe_audio(tmp_path / "v.wav")
    expected = build_preflight(
        replace(PERSON, frame_rate=float(person.frame_rate)), replace(VOICE, duration_s=voice.duration_s)
    )
    made = probe_video(tmp_path / "o.mp4")
    assert expected.frame_count == made.frame_count == result.frame_count
    assert expected.duration_s == pytest.approx(made.duration_s)


@pytest.mark.parametrize(
    ("person", "voice"),
    [
        (replace(PERSON, width=1920, height=1080), VOICE),
        (replace(PERSON, frame_count=5000), VOICE),
        (PERSON, replace(VOICE, duration_s=61.0)),
    ],
)
def test_more_takes_longer(person: Inspection, voice: Inspection) -> None:
    assert build_preflight(person, voice).expected_s > build_preflight(PERSON, VOICE).expected_s


@pytest.mark.parametrize("person", [replace(PERSON, frame_count=1, is_photo=True), replace(PERSON, face_share=0.3)])
def test_less_takes_shorter(person: Inspection) -> None:
    assert build_preflight(person, VOICE).expected_s < build_preflight(PERSON, VOICE).expected_s


def test_a_machine_that_is_half_as_fast_takes_twice_as_long() -> None:
    assert build_preflight(PERSON, VOICE, pace=2).expected_s == 2 * build_preflight(PERSON, VOICE).expected_s


def test_an_engine_that_takes_longer_is_expected_to() -> None:
    slow = build_preflight(PERSON, VOICE, EngineName.WAV2LIP).expected_s
    fast = build_preflight(PERSON, VOICE).expected_s
    assert fast < slow < 3.2 * fast


def test_what_is_worth_saying_of_both_is_said() -> None:
    person, voice = replace(PERSON, warnings=("small_face",)), replace(VOICE, warnings=("quiet_voice",))
    assert build_preflight(person, voice).warnings == ("small_face", "quiet_voice")
