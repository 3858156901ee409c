"""Builds everything once, from the settings, and hands it to the page and the commands."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from heygem.config.settings import Settings
from heygem.jobs.naming import OutputNamer
from heygem.jobs.runner import JobRunner

if TYPE_CHECKING:
    from heygem.pipeline.generate import Generator

MB: Final = 1_000_000


@dataclass(frozen=True)
class Services:
    """What the upper floor works with. Parts are built when first asked for, so that light commands stay light."""

    settings: Settings

    @cached_property
    def generator(self) -> "Generator":
        """Loads torch and the weights, in a few seconds. Raises WeightsError, FfmpegMissingError."""
        # Imported here because torch takes seconds, which `--help` and a bad command line should not.
        from heygem.engines.device import choose_device
        from heygem.engines.embedded import EmbeddedEngine
        from heygem.engines.face_tracker import load_face_tracker
        from heygem.media.ffmpeg_binary import choose_encoder, find_ffmpeg
        from heygem.media.ffmpeg_command import EncodeSettings
        from heygem.pipeline.generate import Generator
        from heygem.pipeline.track_cache import TrackCache

        settings, limits, choice = self.settings, self.settings.limits, self.settings.encode
        device, ffmpeg = choose_device(settings.device), find_ffmpeg()
        codec = choose_encoder(ffmpeg) if choice.codec == "auto" else choice.codec
        tracker = load_face_tracker(settings.paths.models, device)
        return Generator(
            engine=EmbeddedEngine.load(settings.paths.models, device),
            detector=tracker.detector,
            landmarker=tracker.landmarker,
            tracks=TrackCache(settings.paths.cache / "tracks", limits.track_cache_mb * MB, tracker.weights_id),
            limits=limits,
            encoding=EncodeSettings(codec, choice.preset, choice.crf),
            ffmpeg=ffmpeg,
        )

    @cached_property
    def namer(self) -> OutputNamer:
        return OutputNamer(self.settings.paths.outputs.absolute())

    @cached_property
    def runner(self) -> JobRunner:
        return JobRunner(lambda request, sink, cancel: self.generator.generate(request, sink, cancel))
