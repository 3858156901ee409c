"""Puts together what downloads models, from one section of the settings."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from heygem.config.settings import ROOT, DownloadSettings
from heygem.domain.model_errors import ManifestError, SourceError
from heygem.domain.models import DownloadSource, ModelFile
from heygem.downloads.catalogue import Catalogue
from heygem.downloads.fetcher import ModelFetcher
from heygem.downloads.licences import LicenceBook
from heygem.downloads.link import LinkSource
from heygem.downloads.manifest import Manifest
from heygem.downloads.manifest_fetch import load_manifest
from heygem.downloads.resolvers.options import ResolverOptions, read_options
from heygem.downloads.store import ModelStore
from heygem.downloads.transfer import TransferRules, transfer

if TYPE_CHECKING:
    from heygem.downloads.resolvers.registry import ResolverSet

log = logging.getLogger(__name__)

OWN_MANIFEST: Final = ROOT / "models" / "manifest.yaml"
MB: Final = 1_000_000


def load_catalogue(places: Sequence[str], cache: Path) -> Catalogue:
    """Of the manifests at these paths and addresses. Raises ManifestError, SourceError."""
    return Catalogue([load_manifest(place, cache) for place in places])


def load_usable_catalogue(places: Sequence[str], cache: Path) -> Catalogue:
    """Of the project's manifest and those of `places` that can be used; what is wrong with the others is logged."""
    manifests: list[Manifest] = []
    for place in (*places, str(OWN_MANIFEST)):
        try:
            found = load_manifest(place, cache)
            Catalogue([*manifests, found])  # refuses what does not go with those before it
            manifests.append(found)
        except (ManifestError, SourceError) as error:
            log.warning("a manifest of models is left out: %s", error)
    return Catalogue(manifests)


def build_fetcher(folder: Path, catalogue: Catalogue, wanted: DownloadSettings, reserve_bytes: int) -> ModelFetcher:
    """For the models' folder `folder`, on whose disk `reserve_bytes` are left free."""
    rules = TransferRules(
        connections=wanted.connections,
        stall_s=wanted.stall_s,
        attempts=wanted.attempts,
        max_bytes_per_s=round(wanted.limit_mb_per_s * MB) or None,
        disk_reserve_bytes=reserve_bytes,
    )

    @cache
    def resolvers() -> "ResolverSet":
        # Made when first wanted: certificates and what reads pages take their time, and many only look at the store.
        from heygem.downloads.resolvers.registry import build_resolvers

        return build_resolvers(resolver_options(wanted))

    def open_source(source: DownloadSource, file: ModelFile) -> LinkSource:
        return resolvers().open(source, file)

    return ModelFetcher(ModelStore(folder, catalogue), LicenceBook(folder), open_source, partial(transfer, rules=rules))


def resolver_options(wanted: DownloadSettings) -> ResolverOptions:
    """What the environment says, the settings on top."""
    options = replace(read_options(), browser=wanted.browser)
    return replace(options, hf_endpoint=wanted.hf_endpoint.rstrip("/")) if wanted.hf_endpoint else options
