"""The files on an owner's list before a batch is started; each is inspected as soon as it is on it."""

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from sqlalchemy import delete, func, insert, select

from heygem.domain.inspection import MediaKind
from heygem.domain.job import FaceChoice
from heygem.domain.queue import DraftItem
from heygem.jobs.queue.base import QueueBase
from heygem.jobs.queue.inspections import FileStamp, request_tasks
from heygem.jobs.queue.records import read_draft
from heygem.storage.tables import drafts, inspections

LARGEST: Final = FaceChoice()


class DraftItems(QueueBase):
    def add_draft(
        self,
        owner: str,
        kind: MediaKind,
        path: Path,
        name: str = "",
        face: FaceChoice = LARGEST,
        project: str = "",
        voice: Path | None = None,
    ) -> str:
        """Its id; it comes last. Raises MediaUnreadableError for an impossible name."""
        stamp = FileStamp.take(path, kind)
        item_id = uuid.uuid4().hex
        with self.database.write() as connection:
            tasks = request_tasks(connection, self.database.now(connection), [stamp])
            last = connection.execute(select(func.max(drafts.c.position)).where(drafts.c.owner == owner)).scalar()
            connection.execute(
                insert(drafts).values(
                    item_id=item_id,
                    owner=owner,
                    position=(last or 0) + 1,
                    kind=kind,
                    path=path,
                    name=name,
                    face=str(face),
                    project=project,
                    voice=voice,
                    task_id=tasks[path, kind],
                )
            )
        return item_id

    def list_drafts(self, owner: str) -> list[DraftItem]:
        """In the order in which they were added, with what is known of each."""
        found = (inspections.c.facts, inspections.c.thumbnail, inspections.c.error_code, inspections.c.error_context)
        query = select(drafts, *found).join(inspections, inspections.c.task_id == drafts.c.task_id)
        with self.database.read() as connection:
            rows = connection.execute(query.where(drafts.c.owner == owner).order_by(drafts.c.position)).all()
        return [read_draft(row) for row in rows]

    def remove_drafts(self, owner: str, item_ids: Sequence[str]) -> None:
        """Those of them that are the owner's."""
        with self.database.write() as connection:
            connection.execute(delete(drafts).where(drafts.c.owner == owner, drafts.c.item_id.in_(item_ids)))

    def clear_drafts(self, owner: str) -> None:
        with self.database.write() as connection:
            connection.execute(delete(drafts).where(drafts.c.owner == owner))
