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
        return self.add_drafts(owner, [DraftItem("", kind, path, name, face, project, voice)])[0]

    def add_drafts(self, owner: str, items: Sequence[DraftItem]) -> list[str]:
        """The new ids of `items`, which come last in their order. Raises as add_draft does, with none of them added."""
        stamps = [FileStamp.take(item.path, item.kind) for item in items]
        ids = [uuid.uuid4().hex for _ in items]
        with self.database.write() as connection:
            tasks = request_tasks(connection, self.database.now(connection), stamps)
            last = connection.execute(select(func.max(drafts.c.position)).where(drafts.c.owner == owner)).scalar() or 0
            rows = [
                {
                    "item_id": item_id,
                    "owner": owner,
                    "position": position,
                    "kind": item.kind,
                    "path": item.path,
                    "name": item.name,
                    "face": str(item.face),
                    "project": item.project,
                    "voice": item.voice,
                    "task_id": tasks[item.path, item.kind],
                }
                for position, (item_id, item) in enumerate(zip(ids, items, strict=True), start=last + 1)
            ]
            if rows:
                connection.execute(insert(drafts), rows)
        return ids

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
