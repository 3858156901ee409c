"""What a finished video says of itself: by its sidecar, or where there is none that can be read, by the file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from heygem.domain.errors import HeyGemError
from heygem.media.probe import probe_video
from heygem.pipeline.sidecar import RunRecord, read_sidecar


def read_facts(path: Path) -> dict[str, Any]:
    """Columns of `outputs` for the file `path`. Raises OSError where it is gone."""
    status = path.stat()
    record = read_sidecar(path)
    described = _probe(path) if record is None else _describe(record)
    return {"created_at": datetime.fromtimestamp(status.st_mtime, UTC), **described, "size_bytes": status.st_size}


def _describe(record: RunRecord) -> dict[str, Any]:
    recipe = record.recipe
    return {
        "created_at": record.created_at,
        "duration_s": record.duration_s,
        "width": recipe.width,
        "height": recipe.height,
        "person": recipe.person.name,
        "voice": recipe.voice.name,
        "problems": list(record.quality.problems) if record.quality else [],
    }


def _probe(path: Path) -> dict[str, Any]:
    unknown = {"person": "", "voice": "", "problems": []}
    try:
        facts = probe_video(path)
    except HeyGemError:  # whatever it is, it takes space and may be thrown away
        return {"duration_s": 0.0, "width": 0, "height": 0, **unknown}
    duration_s = float(facts.frame_count / facts.frame_rate)
    return {"duration_s": duration_s, "width": facts.width, "height": facts.height, **unknown}
