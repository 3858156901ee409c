"""Films joined of stretches: exact times, picture and sound in step, and what they say of themselves."""

import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from heygem.domain.errors import CancelledError, DiskFullError, EncodeError
from heygem.domain.media import AudioFacts
from heygem.domain.progress import CancelToken
from heygem.media.containers import open_container, read_packets
from heygem.media.decode import FrameReader
from heygem.media.encode import VideoEncoder
from heygem.media.ffmpeg_command import EncodeSettings
from heygem.media.join import JoinPlan, join_film
from heygem.media.probe import probe_audio, probe_video
from heygem.media.sound import SoundEncoder
from tests.media.clips import ClipMaker, make_film, quick_plan, read_number, write_film


@pytest.fixture
def voice(clips: ClipMaker) -> AudioFacts:
    return probe_audio(clips.voice("voice.wav"))


@pytest.mark.parametrize("rate", [24, 25, Fraction(30000, 1001), 50, Fraction(25, 2)])
@pytest.mark.parametrize("voice_name", ["voice.wav", "voice.mp3"])
def test_picture_and_sound_end_together(
    binary: Path, clips: ClipMaker, tmp_path: Path, rate: Fraction | int, voice_name: str
) -> None:
    voice = probe_audio(clips.voice(voice_name))
    rate = Fraction(rate)
    count = round(voice.duration_s * rate)
    film = make_film(binary, quick_plan(tmp_path / "film.mp4", count, frame_rate=rate), voice)
    facts = probe_video(film)
    assert (facts.frame_rate, facts.frame_count, facts.is_variable_rate) == (rate, count, False)
    assert abs(probe_audio(film).duration_s - facts.duration_s) < 0.002
    with open_container(film) as container:
        ends = []
        for stream in container.streams:
            assert stream.start_time == 0
            assert stream.duration and stream.time_base
            ends.append(stream.duration * stream.time_base)
        assert abs(ends[0] - ends[1]) < 1 / rate


def test_what_the_film_says_of_itself(binary: Path, voice: AudioFacts, tmp_path: Path) -> None:
    marks = {"comment": "made by AI = 'yes' 中文", "title": "a: b; c"}
    with open_container(make_film(binary, quick_plan(tmp_path / "film.mp4", 3), voice, marks)) as container:
        assert {key: container.metadata[key] for key in marks} == marks
        codec = container.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")
        assert (codec.colorspace, codec.color_primaries, codec.color_trc, codec.color_range) == (1, 1, 1, 1)


def test_it_can_be_played_while_it_loads(binary: Path, voice: AudioFacts, tmp_path: Path) -> None:
    data = make_film(binary, quick_plan(tmp_path / "film.mp4", 40), voice).read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_pixels_that_are_not_square_stay_so(binary: Path, voice: AudioFacts, tmp_path: Path) -> None:
    film = make_film(binary, quick_plan(tmp_path / "film.mp4", 3, sample_aspect_ratio=Fraction(4, 3)), voice)
    assert probe_video(film).sample_aspect_ratio == Fraction(4, 3)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6, 8])
def test_a_voice_of_many_channels(binary: Path, clips: ClipMaker, tmp_path: Path, channels: int) -> None:
    voice = probe_audio(clips.voice(f"{channels} channels.wav", "-ac", str(channels)))
    assert voice.channels == channels
    film = make_film(binary, quick_plan(tmp_path / "film.mp4", 84), voice)
    assert probe_audio(film).channels == {3: 2, 4: 2}.get(channels, channels)


@pytest.mark.parametrize(("sample_rate", "legal"), [(8_000, 8_000), (11_000, 11_025), (192_000, 96_000)])
def test_sample_rates(binary: Path, clips: ClipMaker, tmp_path: Path, sample_rate: int, legal: int) -> None:
    voice = probe_audio(clips.voice(f"{sample_rate}.wav", "-ar", str(sample_rate)))
    film = make_film(binary, quick_plan(tmp_path / "film.mp4", 84), voice)
    assert probe_audio(film).sample_rate == legal


@pytest.mark.parametrize(
    "name",
    [
        'with space\'s "quote".mp4',
        "人物 视频.mp4",
        "face 😀.mp4",
        "-lead.mp4",
        "100%d.mp4",
        "a:b.mp4",
        "名" * 83 + ".mp4",
    ],
)
def test_names(binary: Path, clips: ClipMaker, tmp_path: Path, name: str) -> None:
    source = tmp_path / name.replace(".mp4", ".wav")
    source.write_bytes(clips.voice("voice.wav").read_bytes())
    film = make_film(binary, quick_plan(tmp_path / name, 3), probe_audio(source))
    assert film == tmp_path / name
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, source.name])


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001), Fraction(25, 2)])
@pytest.mark.parametrize("preset", ["ultrafast", "veryfast"])
def test_no_frame_is_lost_doubled_or_late(
    binary: Path, voice: AudioFacts, tmp_path: Path, rate: Fraction, preset: str
) -> None:
    plan = quick_plan(tmp_path / "film.mp4", 70, frame_rate=rate, settings=EncodeSettings(preset=preset))
    film = make_film(binary, plan, voice)
    assert [read_number(frame) for frame in FrameReader(probe_video(film)).read()] == list(range(70))
    with open_container(film) as container:
        stream = container.streams.video[0]
        times = [
            (packet.pts * packet.time_base * rate, packet.dts * packet.time_base * rate, packet.is_keyframe)
            for packet in read_packets(container, stream)
            if packet.pts is not None and packet.dts is not None
        ]
    shown, decoded, is_key = zip(*times, strict=True)
    assert sorted(shown) == list(range(70))
    assert list(decoded) == list(range(int(decoded[0]), int(decoded[0]) + 70))
    assert [at for at, key in zip(shown, is_key, strict=True) if key] == [0, 17, 34, 51, 68]


def test_stretches_by_different_encoders_do_not_fit(binary: Path, voice: AudioFacts, tmp_path: Path) -> None:
    parts = [
        write_film(binary, quick_plan(tmp_path / "1.mp4", 3)),
        write_film(binary, quick_plan(tmp_path / "2.mp4", 3, settings=EncodeSettings(preset="veryfast"))),
    ]
    with SoundEncoder(binary, voice, Fraction(6, 25), tmp_path / "sound.m4a") as encoder:
        encoder.finish()
    with pytest.raises(EncodeError):
        join_film(JoinPlan(parts, tmp_path / "sound.m4a", Fraction(25), {}), tmp_path / "film.mp4", CancelToken())


def test_joining_heeds_the_token(binary: Path, voice: AudioFacts, tmp_path: Path) -> None:
    part = write_film(binary, quick_plan(tmp_path / "1.mp4", 3))
    with SoundEncoder(binary, voice, Fraction(3, 25), tmp_path / "sound.m4a") as encoder:
        encoder.finish()
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(CancelledError):
        join_film(JoinPlan([part], tmp_path / "sound.m4a", Fraction(25), {}), tmp_path / "film.mp4", cancel)


def test_joining_on_a_full_disk(binary: Path, voice: AudioFacts, tmp_path: Path, small_disk: Path) -> None:
    random = np.random.default_rng(0)
    plan = quick_plan(tmp_path / "1.mp4", 60, width=320, height=240)
    with VideoEncoder(binary, plan) as encoder:
        for _ in range(60):
            encoder.write(random.integers(0, 255, (240, 320, 3), dtype=np.uint8))
        part = encoder.finish()
    with SoundEncoder(binary, voice, Fraction(60, 25), tmp_path / "sound.m4a") as sound:
        sound.finish()
    with pytest.raises(DiskFullError):
        join_film(JoinPlan([part], tmp_path / "sound.m4a", Fraction(25), {}), small_disk / "film.mp4", CancelToken())


def test_a_voice_that_cannot_be_read_is_told_while_frames_come(binary: Path, clips: ClipMaker, tmp_path: Path) -> None:
    source = tmp_path / "voice.wav"
    source.write_bytes(clips.voice("voice.wav").read_bytes())
    voice = probe_audio(source)
    source.write_bytes(b"gone")
    with (
        pytest.raises(EncodeError) as caught,
        SoundEncoder(binary, voice, Fraction(80), tmp_path / "sound.m4a") as encoder,
    ):
        for _ in encoder.watch(range(500)):
            time.sleep(0.01)
    assert "voice.wav" in str(caught.value.context["reason"])
    assert list(tmp_path.iterdir()) == [source]


def test_a_sound_that_is_there_is_not_made_again(binary: Path, voice: AudioFacts, tmp_path: Path) -> None:
    made = tmp_path / "sound.m4a"
    made.write_bytes(b"made before")
    with SoundEncoder(binary, voice, Fraction(1), made) as encoder:
        assert list(encoder.watch(range(3))) == [0, 1, 2]
        encoder.finish()
    assert made.read_bytes() == b"made before"
