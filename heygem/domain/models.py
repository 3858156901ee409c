"""Models that can be downloaded: what a manifest says of each, what of it is here, and how a download goes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit


@dataclass(frozen=True)
class DownloadSource:
    """One place that has a file, as a person or a manifest names it: a URL, or what a resolver turns into one.

    Higher `priority` is asked first. `region` (`cn`, `global`, empty for anywhere) is what a choice of mirror goes by.
    `code` is the extraction code or password of a share. What may let somebody in is left out of the `repr`.
    """

    url: str = field(repr=False)
    region: str = ""
    priority: int = 0
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    code: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """Fit to be shown; the rest of an address may let its bearer in."""
        return find_host(self.url)


def find_host(url: str) -> str:
    """The name of the host in an address, empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # an IPv6 address that is none
        return ""


@dataclass(frozen=True)
class PartHashes:
    """SHA-256 of each `part_bytes` of a file, the last part shorter; in lower-case hexadecimal."""

    part_bytes: int
    sha256: tuple[str, ...]


@dataclass(frozen=True)
class ModelFile:
    """`path` is relative to the models' folder, with slashes. `sha256` is in lower-case hexadecimal."""

    path: str
    size_bytes: int
    sha256: str
    sources: tuple[DownloadSource, ...] = ()
    parts: PartHashes | None = None


@dataclass(frozen=True)
class Licence:
    """`name` is short (`Apache-2.0`, `research only`); `notice` is what must be agreed to before a download, in the
    languages that there are; empty where nothing must be.
    """

    name: str
    url: str = ""
    notice: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelEntry:
    """One model of a manifest. A local version below `min_version` must be replaced; one below `version` may be."""

    name: str
    version: str
    files: tuple[ModelFile, ...]
    licence: Licence
    title: Mapping[str, str] = field(default_factory=dict)
    min_version: str = ""

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


class ModelState(StrEnum):
    """How a model stands on this machine. DAMAGED: a file is not what the manifest says. UNVERIFIED: its files have
    the right sizes, and nobody has looked at what is in them. OUTDATED: whole, of an earlier version.
    """

    MISSING = "missing"
    PARTIAL = "partial"
    UNVERIFIED = "unverified"
    DAMAGED = "damaged"
    OUTDATED = "outdated"
    INSTALLED = "installed"


@dataclass(frozen=True)
class FileStatus:
    """`state` is one of MISSING, PARTIAL, UNVERIFIED, DAMAGED and INSTALLED. `present_bytes` is what lies on disk,
    of PARTIAL by an unfinished download.
    """

    file: ModelFile
    state: ModelState
    present_bytes: int = 0


@dataclass(frozen=True)
class ModelStatus:
    """`version` is the one that is installed, empty where none is. `must_update`: it is below the entry's
    `min_version`, and not to be used.
    """

    entry: ModelEntry
    state: ModelState
    files: tuple[FileStatus, ...]
    version: str = ""
    must_update: bool = False

    @property
    def is_usable(self) -> bool:
        return self.state in (ModelState.INSTALLED, ModelState.OUTDATED) and not self.must_update

    @property
    def missing_bytes(self) -> int:
        """What a download has to fetch, at most."""
        return sum(status.file.size_bytes for status in self.files if status.state is not ModelState.INSTALLED)


class TransferPhase(StrEnum):
    WAITING = "waiting"  # another process downloads it, or another model comes first
    RESOLVING = "resolving"
    TRANSFERRING = "transferring"
    VERIFYING = "verifying"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class SourceProgress:
    """`name` is fit to be shown: a host, never a signed link. `speed` in bytes a second."""

    name: str
    connections: int
    speed: float
    done_bytes: int
    is_dropped: bool = False


@dataclass(frozen=True)
class TransferProgress:
    """Of one file. `done_bytes` counts what lies on disk, from earlier runs too; `speed` in bytes a second."""

    path: str
    phase: TransferPhase
    done_bytes: int
    total_bytes: int
    speed: float = 0.0
    eta_s: float | None = None
    sources: tuple[SourceProgress, ...] = ()

    @property
    def share(self) -> float:
        """0..1."""
        return min(1.0, self.done_bytes / self.total_bytes) if self.total_bytes > 0 else 0.0


@dataclass(frozen=True)
class ModelProgress:
    """Of all files of one model; `path` is the one at work. The rest as in TransferProgress."""

    model: str
    phase: TransferPhase
    done_bytes: int
    total_bytes: int
    speed: float = 0.0
    eta_s: float | None = None
    sources: tuple[SourceProgress, ...] = ()
    path: str = ""

    @property
    def share(self) -> float:
        """0..1."""
        return min(1.0, self.done_bytes / self.total_bytes) if self.total_bytes > 0 else 0.0

    @property
    def sources_at_work(self) -> list[SourceProgress]:
        return [source for source in self.sources if source.connections and not source.is_dropped]
