"""Puts the alerts of one machine together, from the settings."""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from heygem.config.settings import Settings
from heygem.config.strings import Translator
from heygem.jobs.supervisor import DyingWorker
from heygem.maintenance.alerts.alerts import Alerts
from heygem.maintenance.alerts.book import AlertBook
from heygem.maintenance.alerts.watches import DiskWatch, FailureWatch, TaskWatch, WatchedQueue, WorkerWatch
from heygem.maintenance.alerts.wording import put_in_words
from heygem.maintenance.disk_guard import DiskGuard

if TYPE_CHECKING:
    from heygem.maintenance.alerts.targets import Target


@dataclass(frozen=True)
class Alerting:
    """Machines that share the data folder have a book each."""

    settings: Settings

    @property
    def book(self) -> AlertBook:
        return AlertBook(self.settings.paths.data / f"alerts-{socket.gethostname()}.json")

    @cached_property
    def targets(self) -> "list[Target]":
        """Raises SettingsError."""
        rules = self.settings.alerts
        if not (rules.urls or rules.urls_file):
            return []
        from heygem.maintenance.alerts.targets import list_targets  # apprise takes a second to load

        return list_targets(rules.urls, rules.urls_file)

    @cached_property
    def tasks(self) -> TaskWatch:
        """To be told how the housekeeping goes."""
        return TaskWatch()

    def build_alerts(
        self, queue: WatchedQueue, guard: DiskGuard, find_dying: Callable[[float], DyingWorker | None]
    ) -> Alerts:
        """In the language of the settings. Raises SettingsError."""
        rules, tr = self.settings.alerts, Translator(self.settings.server.language)
        return Alerts(
            watches=[
                DiskWatch(guard),
                self.tasks,
                WorkerWatch(queue, find_dying),
                FailureWatch(queue, rules.failures_in_a_row),
            ],
            book=self.book,
            receivers=self.targets,
            put_in_words=partial(put_in_words, host=socket.gethostname(), tr=tr),
            repeat=timedelta(hours=rules.repeat_hours),
        )
