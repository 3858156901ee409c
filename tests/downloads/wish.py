"""A file that a test wants, and the transfer of it with short patience."""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from heygem.domain.model_errors import DownloadFailedError, SourceError, SourceProblem
from heygem.domain.models import ModelFile, PartHashes, TransferProgress
from heygem.domain.progress import CancelToken
from heygem.downloads.link import Link, LinkSource
from heygem.downloads.transfer import TransferRules, transfer

RULES = TransferRules(
    connections=4,
    connect_timeout_s=2,
    stall_s=1,
    attempts=4,
    first_wait_s=0.01,
    disk_reserve_bytes=0,
    chunk_bytes=16384,
)


@dataclass
class PlainSource:
    """Gives `url`, or what `renewed` makes of how often it was asked anew."""

    url: str
    name: str = "here"
    headers: dict[str, str] = field(default_factory=dict)
    renewed: Callable[[int], Link] | None = None
    renewals: int = 0

    def get_link(self, renew: bool = False) -> Link:
        if renew:
            self.renewals += 1
        if self.renewed is not None:
            return self.renewed(self.renewals)
        return Link(self.url, self.headers)


class DeadSource:
    name = "dead"

    def get_link(self, renew: bool = False) -> Link:  # noqa: ARG002 - as the Protocol has it
        raise SourceError(source=self.name, reason=SourceProblem.CODE_WRONG)


def reasons_of(failure: DownloadFailedError) -> dict[str, str]:
    """By source."""
    reasons = failure.context["reasons"]
    assert isinstance(reasons, tuple)
    return {error.context["source"]: str(error.context["reason"]) for error in reasons}


def make_content(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


@dataclass
class Wish:
    content: bytes
    target: Path
    rules: TransferRules = RULES
    part_bytes: int | None = None
    told: list[TransferProgress] = field(default_factory=list)
    cancel: CancelToken = field(default_factory=CancelToken)

    @property
    def file(self) -> ModelFile:
        parts = None
        if self.part_bytes:
            pieces = [self.content[at : at + self.part_bytes] for at in range(0, len(self.content), self.part_bytes)]
            parts = PartHashes(self.part_bytes, tuple(hashlib.sha256(piece).hexdigest() for piece in pieces))
        digest = hashlib.sha256(self.content).hexdigest()
        return ModelFile(self.target.name, len(self.content), digest, parts=parts)

    def fetch(self, *sources: str | LinkSource, **rules: Any) -> None:
        self.fetch_all([PlainSource(source) if isinstance(source, str) else source for source in sources], **rules)

    def fetch_all(self, sources: Sequence[LinkSource], **rules: Any) -> None:
        transfer(self.file, sources, self.target, replace(self.rules, **rules), self.told.append, self.cancel)

    @property
    def is_there(self) -> bool:
        return self.target.read_bytes() == self.content

    @property
    def left_overs(self) -> list[str]:
        return sorted(path.name for path in self.target.parent.iterdir() if path != self.target)
