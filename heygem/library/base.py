"""What all parts of the library stand on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from heygem.domain.library import OutputKind
from heygem.library.folder import OutputFolder
from heygem.library.retention import RetentionRules
from heygem.library.stores.store import ArchiveStore
from heygem.storage.database import Database

CHUNK: Final = 200  # outputs that one transaction changes, so that other writers get their turn


@dataclass(frozen=True)
class LibraryBase:
    """`cache_dir` holds thumbnails and may be emptied at any time; `default_kind` is that of new outputs.

    Without `rules` nothing ever expires; without `store` there is no archive.
    """

    database: Database
    outputs_dir: Path
    cache_dir: Path
    default_kind: OutputKind = OutputKind.IMPORTANT
    rules: RetentionRules | None = None
    store: ArchiveStore | None = None

    @property
    def folder(self) -> OutputFolder:
        return OutputFolder(self.outputs_dir)

    def thumbnail_path(self, output_id: str) -> Path:
        return self.cache_dir / "thumbnails" / f"{output_id}.jpg"

    def sheet_path(self, output_id: str) -> Path:
        return self.cache_dir / "thumbnails" / f"{output_id}.sheet.jpg"

    def drop_pictures(self, output_id: str) -> None:
        """From the cache, where the video is nowhere any more."""
        for picture in (self.thumbnail_path(output_id), self.sheet_path(output_id)):
            picture.unlink(missing_ok=True)


def split(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
