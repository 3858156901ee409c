"""Which version of a name comes next: counted in the database, so that no two processes or days give the same one."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select, update

from heygem.storage.database import Database
from heygem.storage.tables import name_versions

_VERSIONED: Final = re.compile(r"(.+)_v(\d{1,6})", re.IGNORECASE | re.DOTALL)


def take_versions(database: Database, stems: Sequence[str]) -> list[int]:
    """The next version of each, from 1; a stem that comes again has the one after. None is ever given again.

    Stems that some file system takes for the same count together: upper and lower case, composed letters or not.
    """
    keys = [_to_key(stem) for stem in stems]
    given = []
    with database.write() as connection:
        known = _read(connection, keys)
        latest = dict(known)
        for key in keys:
            latest[key] = latest.get(key, 0) + 1
            given.append(latest[key])
        _write(connection, known, latest)
    return given


def note_version(connection: Connection, stem: str) -> None:
    """Of a file that was named by other hands: what is named from now on comes after it."""
    named = _VERSIONED.fullmatch(stem)
    if named is None:
        return
    key, version = _to_key(named[1]), int(named[2])
    known = _read(connection, [key])
    if known.get(key, 0) < version:
        _write(connection, known, {key: version})


def _to_key(stem: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", stem).casefold())


def _read(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    query = select(name_versions.c.stem, name_versions.c.version).where(name_versions.c.stem.in_(set(keys)))
    return {row.stem: row.version for row in connection.execute(query)}


def _write(connection: Connection, known: Mapping[str, int], latest: Mapping[str, int]) -> None:
    rows = [{"key": key, "latest": version} for key, version in latest.items()]
    old, new = [row for row in rows if row["key"] in known], [row for row in rows if row["key"] not in known]
    if old:
        counted = update(name_versions).where(name_versions.c.stem == bindparam("key"))
        connection.execute(counted.values(version=bindparam("latest")), old)
    if new:
        connection.execute(insert(name_versions), [{"stem": row["key"], "version": row["latest"]} for row in new])
