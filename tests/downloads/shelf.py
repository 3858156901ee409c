"""Models of a few bytes, the server that has them, and everything that brings them here."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from heygem.domain.models import DownloadSource, Licence, ModelEntry, ModelFile, ModelProgress, TransferProgress
from heygem.domain.progress import CancelToken
from heygem.downloads.catalogue import Catalogue
from heygem.downloads.fetcher import ModelFetcher
from heygem.downloads.licences import LicenceBook
from heygem.downloads.link import LinkSource
from heygem.downloads.manager import ModelManager
from heygem.downloads.manifest import Manifest
from heygem.downloads.resolvers.options import ResolverOptions
from heygem.downloads.resolvers.registry import build_resolvers
from heygem.downloads.store import ModelStore
from heygem.downloads.transfer import TransferRules, transfer
from tests.downloads.file_server import FileServer


def content(name: str, size: int = 300_000) -> bytes:
    block = hashlib.sha256(name.encode()).digest()
    return (block * (size // len(block) + 1))[:size]


@dataclass
class Shelf:
    folder: Path
    server: FileServer
    entries: list[ModelEntry] = field(default_factory=list)
    told: list[ModelProgress] = field(default_factory=list)

    def add(
        self, name: str, files: dict[str, bytes], version: str = "1.0", min_version: str = "", notice: str = ""
    ) -> ModelEntry:
        made = []
        for path, data in files.items():
            self.server.files[f"/{version}/{path}"] = data
            source = DownloadSource(f"{self.server.url}/{version}/{path}")
            made.append(ModelFile(path, len(data), hashlib.sha256(data).hexdigest(), (source,)))
        licence = Licence("MIT", notice={"en": notice} if notice else {})
        self.entries.append(ModelEntry(name, version, tuple(made), licence, min_version=min_version))
        return self.entries[-1]

    @property
    def store(self) -> ModelStore:
        manifests = [Manifest(f"{number}.yaml", (entry,)) for number, entry in enumerate(self.entries)]
        return ModelStore(self.folder / "models", Catalogue(manifests))

    def put(self, path: str, data: bytes) -> Path:
        target = self.folder / "models" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return target

    def fetcher(self) -> ModelFetcher:
        resolvers = build_resolvers(ResolverOptions())
        return ModelFetcher(self.store, LicenceBook(self.folder / "models"), resolvers.open, _transfer)

    def fetch(self, name: str, is_full_check: bool = False):
        return self.fetcher().fetch(name, list, self.told.append, CancelToken(), is_full_check)

    def manager(self) -> ModelManager:
        return ModelManager(self.fetcher(), self.folder / "data")


def _transfer(
    wanted: ModelFile,
    sources: Sequence[LinkSource],
    target: Path,
    *,
    sink: Callable[[TransferProgress], None],
    cancel: CancelToken,
) -> None:
    rules = TransferRules(connections=2, attempts=1, first_wait_s=0.01, disk_reserve_bytes=0)
    transfer(wanted, sources, target, rules, sink, cancel)
