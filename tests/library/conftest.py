"""A library on each kind of database, over a folder of files that are no true videos but have true sidecars."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from heygem.domain.inspection import QualityReport
from heygem.domain.library import OutputState
from heygem.domain.output_query import OutputQuery
from heygem.library.catalogue import Library
from heygem.media.ffmpeg_command import EncodeSettings
from heygem.pipeline.recipe import InputRecord, Recipe
from heygem.pipeline.sidecar import RunRecord, sidecar_path
from heygem.storage.database import Database
from tests.archives import folder_store, s3, s3_client, s3_server, s3_store, store  # noqa: F401 - fixtures

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@dataclass
class Shelf:
    """Puts files into a library's folder as people and jobs do, and looks at what the library then says."""

    library: Library
    root: Path

    def put(self, name: str, size_bytes: int = 10) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size_bytes)
        return path

    def make(self, name: str, size_bytes: int = 10, owner: str = "", project: str = "", **facts: Any) -> str:
        """A video with a sidecar, in the library; an owner's is filed as a job's is."""
        path = self.put(f"2026-05-01/{owner}/{name}" if owner else name, size_bytes)
        write_sidecar(path, **facts)
        return self.library.add(path, "job", project)

    def state(self, output_id: str) -> OutputState:
        return self.library.get(output_id).state

    def names(self, words: str = "", **asked: Any) -> list[str]:
        page = self.library.search(OutputQuery(words, **asked))
        assert page.total >= len(page.records)
        return [record.path.stem for record in page.records]

    def files(self) -> list[str]:
        """Everything below the folder, hidden or not."""
        return sorted(path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if not path.is_dir())


def write_sidecar(
    video: Path,
    person: str = "person.mp4",
    voice: str = "voice.wav",
    duration_s: float = 20.0,
    made_h: float = 0,
    problems: Sequence[str] = (),
) -> None:
    """`made_h` is in hours from NOON."""
    inputs = InputRecord(person, "1" * 64, 1), InputRecord(voice, "2" * 64, 1)
    recipe = Recipe("1", *inputs, "largest", {}, EncodeSettings("libx264", "fast", 18), "7", 640, 480, "25", 500, 250)
    quality = QualityReport(500, duration_s, 1.0, problems=tuple(problems))
    made = NOON + timedelta(hours=made_h)
    record = RunRecord(made, recipe.fingerprint, recipe, "cpu", duration_s, quality=quality)
    sidecar_path(video).write_bytes(TypeAdapter(RunRecord).dump_json(record))


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Shelf:
    root = tmp_path / "outputs"
    root.mkdir()
    return Shelf(Library(database, root, tmp_path / "cache"), root)
