"""What is known of the files in the models' folder: one JSON file for each model, in a hidden folder beside them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from heygem.domain.errors import DiskFullError, OutputPathError
from heygem.downloads.hashing import SeenFile
from heygem.downloads.json_file import read_json, write_json
from heygem.downloads.model_paths import find_path_fault

log = logging.getLogger(__name__)

HIDDEN_FOLDER: Final = ".heygem"


@dataclass(frozen=True)
class Receipt:
    """Of a model. `version` and `hashes` (path to SHA-256) are of what was last whole; `seen` says what was found in
    each file, by path.
    """

    version: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, SeenFile] = field(default_factory=dict)

    def with_seen(self, path: str, found: SeenFile) -> "Receipt":
        return replace(self, seen={**self.seen, path: found})


class ReceiptBook:
    """A folder that cannot be written (an image, a share) is read all the same; what is learned of it is remembered
    as long as the process lives.
    """

    def __init__(self, models_folder: Path) -> None:
        self._folder = models_folder / HIDDEN_FOLDER / "receipts"
        self._unwritten: dict[str, Receipt] = {}

    def read(self, model: str) -> Receipt:
        """An empty one where there is none, or where it is damaged."""
        if model in self._unwritten:
            return self._unwritten[model]
        return _parse(read_json(self._path(model)))

    def write(self, model: str, receipt: Receipt) -> None:
        try:
            write_json(self._path(model), _describe(receipt))
            self._unwritten.pop(model, None)
        except (OutputPathError, DiskFullError) as error:
            log.warning("what is known of %s is not kept: %s", model, error)
            self._unwritten[model] = receipt

    def remove(self, model: str) -> None:
        self._unwritten.pop(model, None)
        self._path(model).unlink(missing_ok=True)

    def _path(self, model: str) -> Path:
        return self._folder / f"{model}.json"


def _describe(receipt: Receipt) -> dict[str, object]:
    seen = {path: [found.size_bytes, found.mtime_ns, found.sha256] for path, found in receipt.seen.items()}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"version": receipt.version, "hashes": dict(receipt.hashes), "seen": seen, "written_at": now}


def _parse(value: dict[str, Any]) -> Receipt:
    """Paths that no manifest could have named are passed over: what a receipt names may be removed."""
    try:
        seen = {path: SeenFile(int(size), int(time), str(hash_)) for path, (size, time, hash_) in value["seen"].items()}
        hashes = {path: str(hash_) for path, hash_ in value["hashes"].items() if not find_path_fault(path)}
        return Receipt(str(value["version"]), hashes, seen)
    except (KeyError, TypeError, ValueError, AttributeError):
        return Receipt()
