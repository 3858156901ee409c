"""Where in time a voice is heard: by our features, and in the finished film."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heygem.domain.media import AudioFacts
from heygem.media import audio
from heygem.media.audio import read_waveform
from heygem.media.probe import probe_audio
from tests.media.clips import CLICK_CENTRES_S, VOICE_S, ClipMaker, find_clicks, make_film, quick_plan

VOICES = {
    "voice.wav": (),
    "voice.mp3": (),
    "voice.m4a": (),
    "voice.flac": (),
    "voice.ogg": (),
    "voice.opus": (),
    "voice.mka": (),
    "voice.webm": ("-c:a", "libopus"),
    "low.mp3": ("-ar", "22050", "-ac", "2"),
    "low.m4a": ("-ar", "22050"),
    "phone.wav": ("-ar", "8000", "-c:a", "pcm_alaw"),
    "studio.flac": ("-ar", "96000", "-sample_fmt", "s32"),
}
LATE_VOICES = {"voice.aac": (), "voice.wma": (), "voice.ts": ("-c:a", "aac")}  # they keep the encoder's delay


def listen(facts: AudioFacts) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.concatenate(list(read_waveform(facts)))


def finish_film(binary: Path, voice: AudioFacts, output: Path) -> AudioFacts:
    return probe_audio(make_film(binary, quick_plan(output, 84), voice))


@pytest.mark.parametrize("name", VOICES)
def test_the_voice_begins_at_nought(binary: Path, clips: ClipMaker, tmp_path: Path, name: str) -> None:
    facts = probe_audio(clips.voice(name, *VOICES[name]))
    waveform = listen(facts)
    assert len(waveform) == round(facts.duration_s * 16_000)
    assert len(waveform) / 16_000 == pytest.approx(VOICE_S, abs=0.005)
    heard = find_clicks(waveform, 16_000)
    assert heard == pytest.approx(CLICK_CENTRES_S, abs=0.005)
    film = listen(finish_film(binary, facts, tmp_path / "film.mp4"))
    # FFmpeg 5 takes no note of the 6.5 ms that Opus in WebM begins early.
    assert find_clicks(film, 16_000) == pytest.approx(heard, abs=0.008 if name == "voice.webm" else 0.005)


@pytest.mark.parametrize("name", LATE_VOICES)
def test_the_film_is_in_time_with_what_was_heard(binary: Path, clips: ClipMaker, tmp_path: Path, name: str) -> None:
    facts = probe_audio(clips.voice(name, *LATE_VOICES[name]))
    heard = find_clicks(listen(facts), 16_000)
    film = listen(finish_film(binary, facts, tmp_path / "film.mp4"))
    assert find_clicks(film, 16_000) == pytest.approx(heard, abs=0.005)


def test_what_other_programs_hear_in_the_film(binary: Path, clips: ClipMaker, tmp_path: Path) -> None:
    film = finish_film(binary, probe_audio(clips.voice("voice.mp3")), tmp_path / "film.mp4").path
    clips.run("-i", f"file:{film}", "-ar", "16000", output=tmp_path / "film.wav")
    assert find_clicks(listen(probe_audio(tmp_path / "film.wav")), 16_000) == pytest.approx(CLICK_CENTRES_S, abs=0.005)


def test_a_sound_track_that_begins_late(clips: ClipMaker, tmp_path: Path) -> None:
    late = tmp_path / "late.mp4"
    film = clips.film("mute.mp4")
    tracks = ("-map", "0", "-map", "1", "-c:v", "copy")
    clips.run("-i", str(film), "-itsoffset", "0.5", "-i", str(clips.voice("voice.wav")), *tracks, output=late)
    facts = probe_audio(late)
    assert facts.duration_s == pytest.approx(VOICE_S + 0.5, abs=0.005)
    waveform = listen(facts)
    assert find_clicks(waveform[8_000:], 16_000) == pytest.approx(CLICK_CENTRES_S, abs=0.005)
    assert np.abs(waveform[:8_000]).max() < 0.001


def test_chunks_are_a_second_and_the_last_is_the_rest(clips: ClipMaker) -> None:
    facts = probe_audio(clips.voice("voice.wav"))
    chunks = list(read_waveform(facts))
    assert [len(chunk) for chunk in chunks] == [16_000, 16_000, 16_000, round(0.337 * 16_000)]
    assert all(chunk.dtype == np.float32 and chunk.ndim == 1 for chunk in chunks)


def test_the_track_that_was_chosen_is_read(binary: Path, clips: ClipMaker, tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    sources = ("-f", "lavfi", "-i", "anullsrc=d=3.337", "-i", str(clips.voice("voice.wav")))
    flags = ("-map", "0", "-map", "1", "-disposition:a:0", "0", "-disposition:a:1", "default", "-c:a", "flac")
    clips.run(*sources, *flags, output=path)
    facts = probe_audio(path)
    assert find_clicks(listen(facts), 16_000) == pytest.approx(CLICK_CENTRES_S, abs=0.005)
    film = finish_film(binary, facts, tmp_path / "film.mp4")
    assert find_clicks(listen(film), 16_000) == pytest.approx(CLICK_CENTRES_S, abs=0.005)


def test_another_sample_rate_and_full_scale(clips: ClipMaker) -> None:
    facts = probe_audio(clips.voice("voice.wav"))
    waveform = np.concatenate(list(read_waveform(facts, sample_rate=48_000)))
    assert len(waveform) == round(VOICE_S * 48_000)
    assert np.abs(waveform).max() == pytest.approx(12_000 / 32_768, rel=0.02)


def test_a_clock_that_jumps_ahead_does_not_fill_the_memory(clips: ClipMaker) -> None:
    jump = "asetpts='if(lt(T,1),PTS,PTS+600/TB)'"
    facts = replace(probe_audio(clips.voice("jump.mkv", "-af", jump, "-c:a", "pcm_s16le")), duration_s=VOICE_S)
    assert len(listen(facts)) == round(VOICE_S * 16_000)
    assert sum(len(piece) for piece in audio._resample(facts, 16_000)) < 2 * 16_000


def test_a_damaged_voice_keeps_its_time(clips: ClipMaker, tmp_path: Path) -> None:
    data = bytearray(clips.voice("steady.mp3", "-b:a", "128k").read_bytes())
    damage = slice(len(data) // 2, len(data) // 2 + 1500)
    data[damage] = bytes(1500)
    path = tmp_path / "damaged.mp3"
    path.write_bytes(data)
    facts = probe_audio(path)
    waveform = listen(facts)
    assert len(waveform) == round(facts.duration_s * 16_000)
    assert find_clicks(waveform, 16_000)[:2] == pytest.approx(CLICK_CENTRES_S[:2], abs=0.005)
