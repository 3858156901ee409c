"""What the page and the server ask for the models: downloads that go on by themselves, one model after the other."""

import contextlib
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from heygem.domain.errors import HeyGemError
from heygem.domain.model_errors import ModelBusyError
from heygem.domain.models import TransferPhase
from heygem.domain.progress import CancelToken
from heygem.downloads.fetcher import ModelFetcher
from heygem.downloads.importing import ImportedFile, ImportMode, import_files
from heygem.downloads.json_file import read_json, write_json
from heygem.downloads.model_tasks import ModelTask, TaskAction, TaskFile
from heygem.downloads.model_view import UNDER_WAY, ModelsSnapshot, ModelView
from heygem.downloads.progress_sum import ModelSink
from heygem.downloads.region import Region, order_sources
from heygem.downloads.store import ModelStore
from heygem.downloads.task_runner import TaskRunner


class ModelManager:
    """For several threads; nothing but `import_files` and `close` waits. All that take a name raise
    ModelNotFoundError.
    """

    def __init__(self, fetcher: ModelFetcher, state_folder: Path, region: Region = Region.AUTO) -> None:
        """What was under way when the last server ended is PAUSED now, and `is_interrupted`. `region` counts until
        somebody has chosen another.
        """
        self._fetcher = fetcher
        self._choice = state_folder / "mirror.json"
        self._region = region
        self._runner = TaskRunner(TaskFile(state_folder / "downloads.json"), self._work, self._give_up)

    @property
    def store(self) -> ModelStore:
        return self._fetcher.store

    @property
    def region(self) -> Region:
        chosen = read_json(self._choice).get("region")
        return next((region for region in Region if region == chosen), self._region)

    def snapshot(self) -> ModelsSnapshot:
        """Reads no model's content; cheap enough for once a second."""
        views = tuple(self.get(model.name) for model in self.store.catalogue.models)
        there = next(path for path in (self.store.folder, *self.store.folder.absolute().parents) if path.exists())
        return ModelsSnapshot(views, self.store.used_bytes, shutil.disk_usage(there).free, self.region)

    def get(self, name: str) -> ModelView:
        status, licences = self.store.get_status(name), self._fetcher.licences
        needs_licence, accepted_at = not licences.is_accepted(status.entry), licences.find_accepted_at(status.entry)
        task = self._runner.find(name)
        if task is None:
            return ModelView(status, needs_licence, accepted_at)
        how = (task.phase, task.progress, task.is_interrupted, task.error)
        return ModelView(status, needs_licence, accepted_at, *how)

    def accept_licence(self, name: str) -> None:
        """Remembered, with the time. Raises OutputPathError, DiskFullError."""
        self._fetcher.licences.accept(self.store.catalogue.get(name))

    def start(self, name: str) -> None:
        """Downloads, updates, or goes on with what was paused or failed. Nothing new where it is under way.

        Raises LicenceNotAcceptedError.
        """
        self._begin(name, TaskAction.FETCH)

    def repair(self, name: str) -> None:
        """Reads every file, and fetches again what is wrong. Raises LicenceNotAcceptedError."""
        self._begin(name, TaskAction.REPAIR)

    def verify(self, name: str) -> None:
        """Reads every file; the state says afterwards what was found."""
        self.store.catalogue.get(name)
        self._runner.begin(name, TaskAction.VERIFY)

    def pause(self, name: str) -> None:
        """What has been fetched stays. Nothing where it is not under way."""
        self._runner.stop(name, TransferPhase.PAUSED)

    def cancel(self, name: str) -> None:
        """Gives up, and removes what an unfinished download has fetched. Files that are whole stay."""
        self.store.catalogue.get(name)
        if not self._runner.stop(name, None):
            self._runner.forget(name)
            self._give_up(name)

    def remove(self, name: str) -> int:
        """Deletes the model's files; how many bytes that freed. Raises ModelBusyError, OutputPathError."""
        self.store.catalogue.get(name)
        task = self._runner.find(name)
        if task is not None and task.phase in UNDER_WAY:
            raise ModelBusyError(model=name)
        with self.store.alone(name):
            self._runner.forget(name)
            return self.store.remove(name)

    def import_files(
        self,
        places: Sequence[Path],
        mode: ImportMode = ImportMode.COPY,
        sink: ModelSink = lambda _: None,
        cancel: CancelToken | None = None,
    ) -> list[ImportedFile]:
        """In the caller's thread. Raises as heygem.downloads.importing.import_files does."""
        imported = import_files(self.store, places, mode, sink, cancel or CancelToken())
        for name in {file.model for file in imported}:
            self._runner.forget(name)
        return imported

    def set_region(self, region: Region) -> None:
        """For downloads that start from now on. Remembered. Raises OutputPathError, DiskFullError."""
        write_json(self._choice, {"region": region})

    def close(self) -> None:
        """Ends what is under way, to be gone on with after the next start. Waits for that."""
        self._runner.close()

    def _begin(self, name: str, action: TaskAction) -> None:
        self._fetcher.licences.check(self.store.catalogue.get(name))
        self._runner.begin(name, action)

    def _work(self, name: str, task: ModelTask) -> None:
        if task.action is TaskAction.VERIFY:
            self._fetcher.verify(name, task.report, task.token)
            return
        choose = partial(order_sources, region=self.region)
        self._fetcher.fetch(name, choose, task.report, task.token, task.action is TaskAction.REPAIR)

    def _give_up(self, name: str) -> None:
        """Leaves alone what another process is fetching."""
        with contextlib.suppress(HeyGemError), self.store.alone(name):
            self.store.remove_leftovers(self.store.catalogue.get(name))
