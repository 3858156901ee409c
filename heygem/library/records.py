"""Between the rows of outputs and the domain's types, and the text that searches look at. Asks no database."""

import unicodedata
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Row

from heygem.domain.library import OutputKind, OutputRecord, OutputState


def read_record(row: Row[Any], root: Path) -> OutputRecord:
    return OutputRecord(
        output_id=row.output_id,
        path=root / row.name,
        owner=row.owner,
        project=row.project,
        title=row.title,
        tags=tuple(row.tags),
        kind=OutputKind(row.kind),
        state=OutputState(row.state),
        size_bytes=row.size_bytes,
        duration_s=row.duration_s,
        width=row.width,
        height=row.height,
        created_at=row.created_at,
        used_at=row.used_at,
        trashed_at=row.trashed_at,
        archived_at=row.archived_at,
        job_id=row.job_id,
        person=row.person,
        voice=row.voice,
        problems=tuple(row.problems),
    )


def with_search_text(values: Mapping[str, Any]) -> dict[str, Any]:
    """Whole rows' `values`, with the column that `words` are looked for in."""
    parts = [values[key] for key in ("title", "person", "voice", "owner", "project")]
    text = " ".join([*parts, *values["tags"], PurePosixPath(values["name"]).stem])
    return {**values, "search_text": fold(text)}


def split_words(words: str) -> list[str]:
    return fold(words).split()


def fold(text: str) -> str:
    """Text whose case, width and way of composing letters make no difference."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
