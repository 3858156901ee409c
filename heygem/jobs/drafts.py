"""The list that an owner builds before a batch starts, kept in the database: files go in, a batch comes out."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from heygem.domain.inspection import MediaKind
from heygem.domain.job import EngineName, FaceChoice
from heygem.domain.queue import DraftItem
from heygem.jobs.batch_plan import list_items, name_batch, plan_jobs
from heygem.jobs.batch_sources import TABLE_SUFFIX, BatchRow, list_folders, list_people, read_batch_csv, resolve_inside
from heygem.jobs.inputs import InputStore
from heygem.jobs.naming import OutputNamer
from heygem.jobs.queue import JobQueue

SOUND_SUFFIXES: Final = frozenset({".wav", ".mp3", ".m4a", ".aac", ".flac", ".ogg", ".opus", ".wma", ".amr", ".aiff"})


class Drafts:
    """For several threads. `inputs_dir` is the one folder of this machine whose files may be named."""

    def __init__(self, queue: JobQueue, store: InputStore, inputs_dir: Path, namer: OutputNamer) -> None:
        self._queue = queue
        self._store = store
        self._inputs_dir = inputs_dir
        self._namer = namer

    def list_items(self, owner: str) -> list[DraftItem]:
        return self._queue.list_drafts(owner)

    def list_folders(self) -> list[str]:
        """Those with people's videos or photos, from the inputs folder on; that itself is `.`."""
        return list_folders(self._inputs_dir)

    def add_uploads(self, owner: str, kind: MediaKind, paths: Iterable[Path]) -> None:
        """Files that the page was sent. A table names files in the inputs folder; what only sounds is a voice.

        Raises the errors of read_batch_csv and of InputStore.adopt.
        """
        for path in paths:
            if path.suffix.lower() == TABLE_SUFFIX:
                self._add_table(owner, path)
            else:
                is_sound = path.suffix.lower() in SOUND_SUFFIXES
                self._queue.add_draft(owner, MediaKind.VOICE if is_sound else kind, self._store.adopt(path))

    def add_folder(self, owner: str, name: str) -> None:
        """Each person's video or photo in a folder of this machine. Raises the errors of resolve_inside."""
        people = list_people(resolve_inside(self._inputs_dir, name), self._inputs_dir)
        self._queue.add_drafts(owner, list_items(BatchRow(path) for path in people))

    def remove(self, owner: str, ids: Sequence[str]) -> None:
        gone = [item for item in self.list_items(owner) if item.item_id in set(ids)]
        self._queue.remove_drafts(owner, [item.item_id for item in gone])
        for item in gone:
            self._store.release(item.path)

    def clear(self, owner: str) -> None:
        self.remove(owner, [item.item_id for item in self.list_items(owner)])

    def start(
        self,
        owner: str,
        name: str,
        project: str,
        face: FaceChoice,
        engine: EngineName = EngineName.EMBEDDED,
        signature: str = "",
    ) -> str:
        """Makes a batch of the list, empties it, and returns the batch's id; the files are the jobs' from then on.

        Without a name it is called by day and time. Raises InputMissingError where nothing would be made.
        """
        batch_id = self._submit(self.list_items(owner), owner, name, project, face, engine, signature)
        self._queue.clear_drafts(owner)
        return batch_id

    def submit(
        self,
        voices: Iterable[Path],
        people: Iterable[Path],
        name: str,
        project: str,
        face: FaceChoice,
        engine: EngineName = EngineName.EMBEDDED,
    ) -> str:
        """A batch of uploads at once, without a list; for programs. Raises as `start` does."""
        kinds = [(MediaKind.VOICE, path) for path in voices] + [(MediaKind.PERSON, path) for path in people]
        items = [DraftItem("", kind, self._store.adopt(path)) for kind, path in kinds]
        return self._submit(items, "", name, project, face, engine)

    def _submit(
        self,
        items: Sequence[DraftItem],
        owner: str,
        name: str,
        project: str,
        face: FaceChoice,
        engine: EngineName,
        signature: str = "",
    ) -> str:
        jobs = plan_jobs(items, face, self._namer, owner, project, signature=signature, engine=engine)
        return self._queue.submit_batch(name_batch(name, datetime.now().astimezone()), jobs, owner, project)

    def _add_table(self, owner: str, path: Path) -> None:
        self._queue.add_drafts(owner, list_items(read_batch_csv(path, self._inputs_dir)))
