"""Loads engines as they are asked for, each once, and gives each a generator; all of them track faces alike."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from heygem.config.settings import EncodeChoice, LimitSettings
from heygem.domain.errors import HeyGemError
from heygem.domain.job import EngineName
from heygem.engines.device import choose_device
from heygem.engines.embedded import EmbeddedEngine
from heygem.engines.engine import LipSyncEngine
from heygem.engines.face_task import FaceTask
from heygem.engines.face_tracker import load_face_tracker
from heygem.engines.model_files import FACE_TASK_FILE
from heygem.engines.second_opinion import SecondDetector, SecondLandmarker
from heygem.engines.wav2lip import Wav2LipEngine
from heygem.engines.weights import ID_DIGITS
from heygem.media.ffmpeg_binary import choose_encoder, find_ffmpeg
from heygem.media.ffmpeg_command import EncodeSettings
from heygem.pipeline.generate import Generator
from heygem.pipeline.track import Detector, Landmarker
from heygem.pipeline.track_cache import TrackCache

log = logging.getLogger(__name__)

MB: Final = 1_000_000


@dataclass(frozen=True)
class FaceTracker:
    """`weights_id` changes with what finds the faces."""

    detector: Detector
    landmarker: Landmarker
    weights_id: str


@dataclass
class Generators:
    """`device` as choose_device takes it. `check` gives the SHA-256 of a file of downloaded weights, or raises where
    nobody vouches for it. With `has_second_tracker` faces that ours misses are looked for by another, where it is
    installed.
    """

    models: Path
    cache: Path
    device: str
    limits: LimitSettings
    encode: EncodeChoice
    check: Callable[[Path], str]
    has_second_tracker: bool = True
    _known: dict[EngineName, Generator] = field(default_factory=dict)

    def get(self, name: EngineName) -> Generator:
        """Takes a few seconds the first time. Raises EngineNotInstalledError, WeightsError, FfmpegMissingError, and
        what `check` raises.
        """
        if name not in self._known:
            self._known[name] = self._build(name)
        return self._known[name]

    @cached_property
    def tracker(self) -> FaceTracker:
        """Raises WeightsError; but a second tracker that cannot be used is done without, and the log says so."""
        own, path = load_face_tracker(self.models, choose_device(self.device)), self.models / FACE_TASK_FILE
        if self.has_second_tracker and path.is_file():
            try:
                sha256, other = self.check(path), FaceTask.load(path)
            except HeyGemError as error:
                log.warning("the second face tracker is left out: %s", error)
            else:
                detector, landmarker = SecondDetector(own.detector, other), SecondLandmarker(own.landmarker, other)
                return FaceTracker(detector, landmarker, f"{own.weights_id}+{sha256[:ID_DIGITS]}")
        return FaceTracker(own.detector, own.landmarker, own.weights_id)

    def _build(self, name: EngineName) -> Generator:
        ffmpeg, engine, tracker = find_ffmpeg(), self._load(name), self.tracker
        codec = choose_encoder(ffmpeg) if self.encode.codec == "auto" else self.encode.codec
        return Generator(
            engine=engine,
            detector=tracker.detector,
            landmarker=tracker.landmarker,
            tracks=TrackCache(self.cache / "tracks", self.limits.track_cache_mb * MB, tracker.weights_id),
            limits=self.limits,
            encoding=EncodeSettings(codec, self.encode.preset, self.encode.crf),
            ffmpeg=ffmpeg,
        )

    def _load(self, name: EngineName) -> LipSyncEngine:
        device = choose_device(self.device)
        match name:
            case EngineName.EMBEDDED:
                return EmbeddedEngine.load(self.models, device)
            case EngineName.WAV2LIP:
                return Wav2LipEngine.load(self.models, device, self.check)
