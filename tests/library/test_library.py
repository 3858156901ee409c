"""The library on both databases: what is asked of it, and what it does with files."""

import json
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import cv2
import pytest

from heygem.domain.errors import MediaNotFoundError, OutputNotFoundError, PathOutsideError, ResultGoneError
from heygem.domain.library import OutputKind, OutputState
from heygem.domain.output_query import OutputOrder, OutputQuery, UsageBy
from heygem.library.catalogue import Library
from heygem.storage.database import Database
from tests.fakes import write_video


@pytest.fixture
def library(database: Database, tmp_path: Path) -> Library:
    (tmp_path / "outputs").mkdir()
    return Library(database, tmp_path / "outputs", tmp_path / "cache")


def put(library: Library, name: str, content: bytes = b"not a video") -> Path:
    path = library.outputs_dir / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def names(library: Library, query: OutputQuery) -> list[str]:
    return [record.path.name for record in library.search(query).records]


def test_first(library: Library) -> None:
    a = library.add(put(library, "2026-01-01/a.mp4"), owner="o")
    assert library.trash([a]).count == 1
    assert library.restore([a]) == 1
    assert names(library, OutputQuery()) == ["a.mp4"]
    library.trash([a])
    assert library.purge([a]) > 0
    assert library.get(a).state == OutputState.REMOVED
