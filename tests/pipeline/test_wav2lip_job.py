"""A whole job with Wav2Lip and random weights: from a photo and a voice to a film, with the real tracker."""

import wave
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from skimage import data

from heygem.config.settings import LimitSettings
from heygem.domain.job import LipSyncRequest
from heygem.domain.progress import CancelToken
from heygem.engines.alignment import frame_to_crop, warp_crop
from heygem.engines.face_tracker import load_face_tracker
from heygem.engines.wav2lip import Wav2LipEngine
from heygem.media.decode import FrameReader
from heygem.media.ffmpeg_binary import find_ffmpeg
from heygem.media.ffmpeg_command import EncodeSettings
from heygem.media.probe import probe_video
from heygem.pipeline.generate import Generator
from heygem.pipeline.paste import Paster
from heygem.pipeline.sidecar import read_sidecar
from heygem.pipeline.track_cache import TrackCache

CPU = torch.device("cpu")


@pytest.fixture
def generator(wav2lip_models: Path, tmp_path: Path) -> Generator:
    tracker = load_face_tracker(wav2lip_models, CPU)
    return Generator(
        engine=Wav2LipEngine.load(wav2lip_models, CPU),
        detector=tracker.detector,
        landmarker=tracker.landmarker,
        tracks=TrackCache(tmp_path / "cache", 10**7, tracker.weights_id),
        limits=LimitSettings(),
        encoding=EncodeSettings("libx264", "veryfast", 6),
        ffmpeg=find_ffmpeg(),
    )


def write_inputs(folder: Path) -> tuple[Path, Path]:
    """The astronaut, and a second of noise in syllables after half a second of silence."""
    photo, voice = folder / "astronaut.png", folder / "voice.wav"
    cv2.imwrite(str(photo), data.astronaut()[:300, 60:380, ::-1])
    syllables = np.abs(np.sin(np.linspace(0, 5 * np.pi, 16_000))) ** 3
    noise = (syllables * np.random.default_rng(0).normal(0, 8000, 16_000)).clip(-32_000, 32_000).astype(np.int16)
    with wave.open(str(voice), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.concatenate([np.zeros(8000, np.int16), noise]).tobytes())
    return photo, voice


def test_a_photo_speaks_and_nothing_but_its_mouth_changes(generator: Generator, tmp_path: Path) -> None:
    photo, voice = write_inputs(tmp_path)
    output = tmp_path / "film.mp4"
    result = generator.generate(LipSyncRequest(photo, voice, output), lambda _: None, CancelToken())
    film, source = probe_video(output), probe_video(photo)
    still = next(FrameReader(source).read(0, 1))
    frames = list(FrameReader(film).read())
    assert result.frame_count == len(frames) == round(1.5 * film.frame_rate)
    record = read_sidecar(output)
    assert record is not None
    assert record.recipe.weights["wav2lip"] == generator.engine.weights_id

    track = generator.tracks.find(record.recipe.person.sha256, LipSyncRequest(photo, voice, output).face, 1)
    assert track is not None
    affine = frame_to_crop(track.points[0], generator.engine.crop)
    height, width = still.shape[:2]
    region = Paster(generator.engine.paste_mask).find_region(affine, width, height)
    outside = np.ones((height, width), bool)
    outside[region.top - 2 : region.bottom + 2, region.left - 2 : region.right + 2] = False
    difference = np.abs(np.stack(frames).astype(int) - still)
    assert difference[:, outside].mean() < 2  # what the encoder loses
    assert difference[:, ~outside].mean() > 8  # random weights paint no face
    mouths = np.stack([warp_crop(frame, affine, 384) for frame in frames]).astype(int)[:, 200:340, 120:260]
    moving = np.abs(np.diff(mouths, axis=0)).mean(axis=(1, 2, 3))
    rate = float(film.frame_rate)
    assert moving[: int(0.25 * rate)].max() < 0.25 * moving[int(0.7 * rate) :].mean()
