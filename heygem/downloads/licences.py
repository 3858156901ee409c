"""Which licences have been agreed to, and when. A licence whose text has changed must be agreed to again."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from heygem.domain.model_errors import LicenceNotAcceptedError
from heygem.domain.models import ModelEntry
from heygem.downloads.json_file import read_json, write_json
from heygem.downloads.receipts import HIDDEN_FOLDER


class LicenceBook:
    """Kept in the models' folder, for everybody who downloads to it."""

    def __init__(self, models_folder: Path) -> None:
        self._folder = models_folder / HIDDEN_FOLDER / "licences"

    def is_accepted(self, entry: ModelEntry) -> bool:
        """True as well where nothing must be agreed to."""
        return not entry.licence.notice or _is_about(entry, self._read(entry))

    def check(self, entry: ModelEntry) -> None:
        """Raises LicenceNotAcceptedError."""
        if not self.is_accepted(entry):
            raise LicenceNotAcceptedError(model=entry.name, licence=entry.licence.name, url=entry.licence.url)

    def accept(self, entry: ModelEntry) -> None:
        """Raises OutputPathError, DiskFullError."""
        if self.is_accepted(entry):
            return
        at = datetime.now(UTC).isoformat(timespec="seconds")
        receipt = {"name": entry.licence.name, "url": entry.licence.url, "version": entry.version, "accepted_at": at}
        write_json(self._path(entry), {**receipt, "licence": _identify(entry)})

    def find_accepted_at(self, entry: ModelEntry) -> datetime | None:
        kept = self._read(entry)
        at = kept.get("accepted_at")
        counts = not entry.licence.notice or _is_about(entry, kept)
        return datetime.fromisoformat(at) if isinstance(at, str) and counts else None

    def _read(self, entry: ModelEntry) -> dict[str, object]:
        return read_json(self._path(entry))

    def _path(self, entry: ModelEntry) -> Path:
        return self._folder / f"{entry.name}.json"


def _is_about(entry: ModelEntry, kept: Mapping[str, object]) -> bool:
    """Whether what was agreed to is the licence as it reads now."""
    return kept.get("licence") == _identify(entry)


def _identify(entry: ModelEntry) -> str:
    licence = entry.licence
    text = json.dumps([licence.name, licence.url, sorted(licence.notice.items())], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
