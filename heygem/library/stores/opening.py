"""From the settings to the archive that they name."""

import configparser
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from heygem.config.settings import ArchiveSettings
from heygem.domain.errors import SettingsError
from heygem.library.stores.s3 import S3Access, S3Store
from heygem.library.stores.store import ArchiveStore


def open_store(archive: ArchiveSettings, outputs: Path) -> ArchiveStore | None:
    """None where none is set. Asks no server yet. Raises SettingsError for a folder that would be in the way of
    `outputs`, and for credentials that cannot be read.
    """
    if not archive.url:
        return None
    parts = urlsplit(archive.url)
    if parts.scheme == "s3":
        prefix = parts.path.strip("/")
        return S3Store(parts.netloc, f"{prefix}/" if prefix else "", _read_access(archive))
    from heygem.library.stores.folder import FolderStore  # here, since most have no archive and it takes its time

    root = Path(unquote(parts.path) if parts.scheme == "file" else archive.url)
    places = Path(os.path.realpath(root)), Path(os.path.realpath(outputs))
    if places[0].is_relative_to(places[1]) or places[1].is_relative_to(places[0]):
        raise SettingsError(setting="archive.url", reason=f"{root} and {outputs} must not lie in one another")
    return FolderStore(root)


def _read_access(archive: ArchiveSettings) -> S3Access:
    key, secret, token = archive.access_key.get_secret_value(), archive.secret_key.get_secret_value(), ""
    if archive.credentials_file is not None:
        key, secret, token = _read_credentials(archive.credentials_file)
    return S3Access(archive.endpoint_url, archive.region, archive.addressing, key, secret, token)


def _read_credentials(path: Path) -> tuple[str, str, str]:
    """As AWS programs write them: key, secret, and a token where there is one."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
        section = parser["default"]
        return section["aws_access_key_id"], section["aws_secret_access_key"], section.get("aws_session_token", "")
    except (OSError, ValueError, KeyError, configparser.Error) as error:
        reason = f"{path}: {type(error).__name__}"
        # Neither its words nor a traceback: they may have the secret in them.
        raise SettingsError(setting="archive.credentials_file", reason=reason) from None
