"""Makes a finished video as a user would: a person's clip and a sound file through the whole pipeline, to an MP4."""

import tempfile
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from heygem.config.settings import EncodeChoice, PathSettings, Settings
from heygem.domain.job import LipSyncRequest
from heygem.domain.progress import CancelToken
from heygem.engines.engine import SAMPLE_RATE
from heygem.pipeline.generate import Generator
from heygem.services import Services


@contextmanager
def make_video(models: Path, person: Path, samples: NDArray[np.float32]) -> Iterator[Path]:
    """The MP4 in which the person of the video `person` says `samples`, mono at 16 kHz; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="heygem-") as name:
        voice, output = Path(name) / "voice.wav", Path(name) / "video.mp4"
        write_wave(voice, samples)
        _get_generator(models).generate(LipSyncRequest(person, voice, output), lambda _: None, CancelToken())
        yield output


def write_wave(path: Path, samples: NDArray[np.float32]) -> None:
    """Mono, 16 bits, 16 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype(np.int16).tobytes())


@cache
def _get_generator(models: Path) -> Generator:
    """This process's own; tracked faces are kept in a folder of its own, so that no older track is measured."""
    folder = Path(_scratch().name)
    paths = PathSettings(models=models, cache=folder / "cache", outputs=folder / "outputs", logs=folder / "logs")
    return Services(Settings(paths=paths, device="cpu", encode=EncodeChoice(codec="libx264"))).generator


@cache
def _scratch() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="heygem-tracks-")
