"""Manifests by path or URL. One that came by URL is kept, for when the network is away."""

import hashlib
import logging
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from heygem.domain.model_errors import SourceError
from heygem.downloads.manifest import Manifest, parse_manifest, read_manifest
from heygem.downloads.resolvers.asker import Asker
from heygem.media.publish import write_whole

log = logging.getLogger(__name__)

TIMEOUT_S: Final = 15.0


def load_manifest(place: str, cache: Path) -> Manifest:
    """From a file, or an address that begins with http:// or https://, whose manifest is kept in `cache`.

    Raises ManifestError; SourceError for an address that does not answer and never did.
    """
    if not place.lower().startswith(("http://", "https://")):
        return read_manifest(Path(place).expanduser())
    name = urlsplit(place).path.rpartition("/")[2] or urlsplit(place).netloc
    kept = cache / f"{hashlib.sha256(place.encode()).hexdigest()[:24]}.yaml"
    try:
        data = _fetch(place)
    except SourceError as error:
        if not kept.is_file():
            raise
        log.warning("the manifest %s is the one of the last time: %s", name, error)
        return parse_manifest(kept.read_bytes(), name)
    manifest = parse_manifest(data, name)
    _keep(kept, data)
    return manifest


def _fetch(url: str) -> bytes:
    with closing(Asker(TIMEOUT_S, TIMEOUT_S)) as asker:
        answer = asker.ask("GET", url)
    if not answer.is_success:
        raise answer.refusal()
    return answer.content


def _keep(path: Path, data: bytes) -> None:
    try:
        write_whole(path, data, is_lasting=False)
    except OSError as error:
        log.warning("the manifest could not be kept for later: %s", error)
