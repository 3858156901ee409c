"""What is found out about voices, in every container and codec."""

from pathlib import Path

import cv2
import pytest

from heygem.domain.errors import (
    MediaNotFoundError,
    MediaTruncatedError,
    MediaUnreadableError,
    NoSamplesError,
    NoSoundError,
)
from heygem.media.probe import probe_audio
from tests.media.clips import VOICE_S, ClipMaker, draw_number

EXACT = {
    "voice.wav": "pcm_s16le",
    "voice.mp3": "mp3",
    "voice.m4a": "aac",
    "voice.flac": "flac",
    "voice.ogg": "vorbis",
    "voice.opus": "opus",
    "voice.mka": "vorbis",
}
PADDED = {"voice.aac": "aac", "voice.wma": "wmav2"}  # they cannot say how much of the last packet is meant


@pytest.mark.parametrize("name", EXACT)
def test_rate_channels_and_duration(clips: ClipMaker, name: str) -> None:
    facts = probe_audio(clips.voice(name))
    assert (facts.sample_rate, facts.channels, facts.codec) == (48_000, 1, EXACT[name])
    assert facts.duration_s == pytest.approx(VOICE_S, abs=0.003)


@pytest.mark.parametrize("name", PADDED)
def test_formats_without_an_exact_length(clips: ClipMaker, name: str) -> None:
    facts = probe_audio(clips.voice(name))
    assert (facts.sample_rate, facts.codec) == (48_000, PADDED[name])
    assert VOICE_S <= facts.duration_s < VOICE_S + 0.06


def test_stereo_of_another_rate(clips: ClipMaker) -> None:
    facts = probe_audio(clips.voice("stereo.mp3", "-ac", "2", "-ar", "22050"))
    assert (facts.sample_rate, facts.channels) == (22_050, 2)


def test_the_default_track_comes_first(clips: ClipMaker) -> None:
    voice = clips.voice("voice.wav")
    tracks = clips.folder / "two tracks.mkv"
    flags = ("-disposition:a:0", "0", "-disposition:a:1", "default")
    sources = ("-f", "lavfi", "-i", "sine=r=22050:d=1", "-i", str(voice), "-map", "0", "-map", "1")
    clips.run(*sources, *flags, "-c:a", "flac", output=tracks)
    facts = probe_audio(tracks)
    assert (facts.stream_index, facts.sample_rate) == (1, 48_000)


def test_the_first_track_without_a_default(clips: ClipMaker) -> None:
    voice = clips.voice("voice.wav")
    tracks = clips.folder / "no default.mkv"
    sources = ("-i", str(voice), "-f", "lavfi", "-i", "sine=r=22050:d=1", "-map", "0", "-map", "1")
    clips.run(*sources, "-disposition:a", "0", "-c:a", "flac", output=tracks)
    assert probe_audio(tracks).stream_index == 0


def test_the_sound_of_a_film(clips: ClipMaker) -> None:
    talk = clips.folder / "talk.mp4"
    clips.run("-i", str(clips.film("mute.mp4")), "-i", str(clips.voice("voice.wav")), "-c:v", "copy", output=talk)
    facts = probe_audio(talk)
    assert (facts.stream_index, facts.codec) == (0, "aac")
    assert facts.duration_s == pytest.approx(VOICE_S, abs=0.003)


def test_a_song_with_a_cover(clips: ClipMaker) -> None:
    cover = clips.folder / "voice cover.png"
    cv2.imwrite(str(cover), draw_number(1))
    song = clips.folder / "with cover.m4a"
    covered = ("-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic")
    clips.run("-i", str(clips.voice("voice.m4a")), "-i", str(cover), *covered, output=song)
    assert probe_audio(song).duration_s == pytest.approx(VOICE_S, abs=0.003)


def test_a_film_without_sound(clips: ClipMaker) -> None:
    with pytest.raises(NoSoundError):
        probe_audio(clips.film("mute.mp4"))


def test_a_photo_is_no_voice(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    cv2.imwrite(str(photo), draw_number(1))
    with pytest.raises(NoSoundError):
        probe_audio(photo)


@pytest.mark.parametrize("name", ["none.wav", "none.flac", "none.ogg", "none.m4a"])
def test_a_header_without_samples(clips: ClipMaker, name: str) -> None:
    with pytest.raises(NoSamplesError):
        probe_audio(clips.voice(name, "-t", "0"))


def test_a_voice_cut_short(clips: ClipMaker, tmp_path: Path) -> None:
    whole = clips.voice("fast start.m4a", "-movflags", "+faststart").read_bytes()
    path = tmp_path / "short.m4a"
    path.write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(MediaTruncatedError):
        probe_audio(path)


def test_what_is_no_voice(tmp_path: Path) -> None:
    path = tmp_path / "voice.mp3"
    path.write_text("not a sound\n" * 100)
    with pytest.raises(MediaUnreadableError):
        probe_audio(path)
    with pytest.raises(MediaNotFoundError):
        probe_audio(tmp_path / "nothing.wav")
