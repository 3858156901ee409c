"""Fetches one file from its sources. Speaks HTTP; knows nothing of manifests, models, or where links come from."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import httpx

from heygem.domain.model_errors import ChecksumError, DownloadFailedError
from heygem.domain.models import ModelFile, SourceProgress, TransferPhase, TransferProgress
from heygem.domain.progress import CancelToken
from heygem.downloads.link import LinkSource

TransferSink: TypeAlias = Callable[[TransferProgress], None]
BLOCK_BYTES: Final = 256 * 1024


@dataclass(frozen=True)
class TransferRules:
    """`connections` per file, over all sources. `stall_s` is for how long a connection may bring nothing, `attempts`
    how often a source may fail in a row before it is dropped. `proxy` None means: as the environment says.
    `disk_reserve_bytes` stay free.
    """

    connections: int = 16
    connect_timeout_s: float = 10.0
    stall_s: float = 30.0
    attempts: int = 6
    first_wait_s: float = 0.5
    max_bytes_per_s: int | None = None
    disk_reserve_bytes: int = 256 * 1024**2
    proxy: str | None = None


def transfer(
    wanted: ModelFile,
    sources: Sequence[LinkSource],
    target: Path,
    rules: TransferRules,
    sink: TransferSink,
    cancel: CancelToken,
) -> None:
    """Puts the file `wanted` under `target` (its final name), resumed from what lies beside it.

    Raises DownloadFailedError, ChecksumError, DiskFullError, CancelledError; all but ChecksumError keep what is there.
    """
    part = target.with_name(f"{target.name}.part")
    reasons = []
    for source in sources:
        try:
            _fetch(wanted, source, part, rules, sink, cancel)
            part.replace(target)
            return
        except httpx.HTTPError as error:
            reasons.append(f"{source.name}: {error}")
    raise DownloadFailedError(name=wanted.path, reasons="; ".join(reasons))


def _fetch(
    wanted: ModelFile, source: LinkSource, part: Path, rules: TransferRules, sink: TransferSink, cancel: CancelToken
) -> None:
    link, digest, done = source.get_link(), hashlib.sha256(), 0
    with (
        httpx.Client(timeout=rules.stall_s, proxy=rules.proxy) as client,
        client.stream("GET", link.url, headers=dict(link.headers)) as answer,
        part.open("wb") as file,
    ):
        answer.raise_for_status()
        for block in cancel.guard(answer.iter_raw(BLOCK_BYTES)):
            file.write(block)
            digest.update(block)
            done += len(block)
            told = SourceProgress(source.name, 1, 0.0, done)
            sink(TransferProgress(wanted.path, TransferPhase.TRANSFERRING, done, wanted.size_bytes, sources=(told,)))
    if digest.hexdigest() != wanted.sha256:
        raise ChecksumError(name=wanted.path, expected=wanted.sha256, found=digest.hexdigest())
    sink(TransferProgress(wanted.path, TransferPhase.DONE, done, wanted.size_bytes))
