"""The record beside an output: what it was made of and how, so that it can be explained and made again."""

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from heygem.domain.inspection import QualityReport
from heygem.domain.job import LipSyncResult
from heygem.domain.media import TimeRange
from heygem.media.publish import publish, replace, translate_output_error
from heygem.pipeline.recipe import Recipe


@dataclass(frozen=True)
class RunRecord:
    """`fingerprint` is the recipe's; `device` painted. What follows is as LipSyncResult has it."""

    created_at: datetime
    fingerprint: str
    recipe: Recipe
    device: str
    duration_s: float
    unchanged: tuple[TimeRange, ...] = ()
    is_track_cached: bool = False
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    quality: QualityReport | None = None

    def to_result(self, output: Path) -> LipSyncResult:
        return LipSyncResult(
            path=output,
            frame_count=self.recipe.frame_count,
            duration_s=self.duration_s,
            unchanged=self.unchanged,
            is_track_cached=self.is_track_cached,
            stage_seconds=self.stage_seconds,
            quality=self.quality,
            input_hashes={"person": self.recipe.person.sha256, "voice": self.recipe.voice.sha256},
        )


_ADAPTER: Final = TypeAdapter(RunRecord)


def sidecar_path(output: Path) -> Path:
    """`X.json` for `X.mp4`."""
    return output.with_suffix(".json")


def read_sidecar(output: Path) -> RunRecord | None:
    """The record of the video `output`; None where there is none that can be read."""
    try:
        return _ADAPTER.validate_json(sidecar_path(output).read_bytes())
    except (OSError, ValidationError):
        return None


def publish_output(film: Path, record: RunRecord, output: Path) -> None:
    """Gives the finished `film` its name, its record a moment before; both whole or not at all.

    The record is written where the film lies. Raises OutputPathError where the name has been taken, and DiskFullError.
    """
    sidecar = sidecar_path(output)
    try:
        if output.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        part = film.with_suffix(".json")
        part.write_bytes(_ADAPTER.dump_json(record, indent=2) + b"\n")
        replace(part, sidecar)
        try:
            publish(film, output)
        except FileExistsError:
            raise  # a twin of this job was a moment faster: the record is the same
        except OSError:
            sidecar.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise translate_output_error(output, error) from error
