"""Which version of a name comes next: counted in the database, so that no two processes or days give the same one."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, select

from heygem.storage.database import Database
from heygem.storage.tables import name_versions
from heygem.storage.upsert import upsert

_VERSIONED: Final = re.compile(r"(.+)_v(\d{1,6})", re.IGNORECASE | re.DOTALL)


def take_versions(database: Database, stems: Sequence[str]) -> list[int]:
    """The next version of each, from 1; a stem that comes again has the one after. None is ever given again.

    Stems that some file system takes for the same count together: upper and lower case, composed letters or not.
    """
    keys = [_to_key(stem) for stem in stems]
    given = []
    with database.write() as connection:
        latest = _read(connection, keys)
        for key in keys:
            latest[key] = latest.get(key, 0) + 1
            given.append(latest[key])
        _write(connection, latest)
    return given


def note_version(connection: Connection, stem: str) -> None:
    """Of a file that was named by other hands: what is named from now on comes after it."""
    named = _VERSIONED.fullmatch(stem)
    if named is None:
        return
    key, version = _to_key(named[1]), int(named[2])
    if _read(connection, [key]).get(key, 0) < version:
        _write(connection, {key: version})


def _to_key(stem: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", stem).casefold())


def _read(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    query = select(name_versions.c.stem, name_versions.c.version).where(name_versions.c.stem.in_(set(keys)))
    return {row.stem: row.version for row in connection.execute(query)}


def _write(connection: Connection, latest: Mapping[str, int]) -> None:
    upsert(connection, name_versions, [{"stem": key, "version": version} for key, version in latest.items()])
