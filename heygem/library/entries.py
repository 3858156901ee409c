"""What the library knows of each video: taken from its files, and said by people."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, Row, insert, select, update

from heygem.domain.errors import MediaNotFoundError, OutputNotFoundError
from heygem.domain.library import OutputKind, OutputState
from heygem.library.base import LibraryBase, split
from heygem.library.facts import read_facts
from heygem.library.folder import find_owner
from heygem.library.records import with_search_text
from heygem.storage.name_versions import note_version
from heygem.storage.tables import outputs

NAMED = (OutputState.PRESENT, OutputState.MISSING)  # the states in which a name is taken
NO_COPY: Final[Mapping[str, None]] = dict.fromkeys(("archive_key", "archived_at", "sha256"))


class Entries(LibraryBase):
    def add(self, path: Path, job_id: str = "", project: str = "") -> str:
        """The id of the video `path`, its facts as its sidecar or else the file tells them; its owner is its folder's.

        One that is known already is looked at again, and keeps what was said of it. Raises PathOutsideError for what
        does not lie in the outputs' folder, MediaNotFoundError where there is no such file.
        """
        name = self.folder.name_of(path)
        found = self.folder.find(name)
        if found is None:
            raise MediaNotFoundError(path)
        try:
            facts = read_facts(found)
        except OSError as error:
            raise MediaNotFoundError(path) from error
        told = {"job_id": job_id, "owner": find_owner(name), "project": project}
        with self.database.write() as connection:
            return put_output(connection, self.database.now(connection), name, {**facts, **told}, self.default_kind)

    def set_kind(self, ids: Sequence[str], kind: OutputKind) -> None:
        for some in split(ids):
            with self.database.write() as connection:
                connection.execute(update(outputs).where(outputs.c.output_id.in_(some)).values(kind=kind))

    def set_tags(self, output_id: str, tags: Sequence[str]) -> None:
        """Each once, without the empty ones. Raises OutputNotFoundError."""
        self._describe(output_id, {"tags": list(dict.fromkeys(tag for word in tags if (tag := word.strip())))})

    def rename(self, output_id: str, title: str) -> None:
        """Its title; the file keeps its name. Raises OutputNotFoundError."""
        self._describe(output_id, {"title": title.strip()})

    def touch(self, output_id: str) -> None:
        """It is being played now."""
        with self.database.touch() as connection:
            used_at = self.database.now(connection)
            connection.execute(update(outputs).where(outputs.c.output_id == output_id).values(used_at=used_at))

    def _describe(self, output_id: str, values: Mapping[str, Any]) -> None:
        with self.database.write() as connection:
            row = connection.execute(select(outputs).where(outputs.c.output_id == output_id)).first()
            if row is None:
                raise OutputNotFoundError(output_id=output_id)
            change_output(connection, row, values)


def put_output(connection: Connection, now: datetime, name: str, facts: Mapping[str, Any], kind: OutputKind) -> str:
    """The id of the file `name`, a new row's or that of the one that has the name. Empty facts change nothing; a file
    of another size is another, whose copy the archive does not have.
    """
    row = connection.execute(select(outputs).where(outputs.c.name == name, outputs.c.state.in_(NAMED))).first()
    known = {key: value for key, value in facts.items() if value != ""}
    if row is not None:
        copy = NO_COPY if facts["size_bytes"] != row.size_bytes else {}
        change_output(connection, row, {**known, **copy, "state": OutputState.PRESENT})
        return str(row.output_id)
    said = {"title": Path(name).stem, "tags": [], "kind": kind}
    fresh = dict.fromkeys(("owner", "project", "person", "voice"), "")
    values = {**fresh, **said, **known, "output_id": uuid4().hex, "name": name}
    values |= {"state": OutputState.PRESENT, "used_at": now}
    connection.execute(insert(outputs).values(with_search_text(values)))
    note_version(connection, Path(name).stem)
    return str(values["output_id"])


def change_output(connection: Connection, row: Row[Any], values: Mapping[str, Any]) -> None:
    changed = with_search_text({**row._mapping, **values})
    connection.execute(update(outputs).where(outputs.c.output_id == row.output_id).values(changed))
