"""The file that outlives the process: what stands, and what is still to be delivered. Holds no address."""

import logging
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from heygem.maintenance.alerts.outbox import Outbox
from heygem.maintenance.alerts.standing import AlertState, Standing
from heygem.media.publish import write_whole

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Page:
    state: AlertState = field(default_factory=AlertState)
    outbox: Outbox = field(default_factory=Outbox)


_FORM: Final = TypeAdapter(Page)


@dataclass(frozen=True)
class AlertBook:
    """For one writer at a time; anybody may read."""

    path: Path

    def read(self) -> Page:
        """An empty one where there is none, or what is there cannot be read; what is damaged goes."""
        try:
            return _FORM.validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return Page()
        except OSError as error:
            log.warning("%s cannot be read: %s", self.path, error)
            return Page()
        except ValidationError:
            log.warning("%s is damaged and begins anew", self.path)
            with suppress(OSError):
                self.path.unlink(missing_ok=True)
            return Page()

    def write(self, page: Page) -> None:
        """At once or not at all. Raises OSError."""
        write_whole(self.path, _FORM.dump_json(page))

    def list_standing(self) -> list[Standing]:
        """What has been told and stands, the worst and then the oldest first."""
        standing = [one for one in self.read().state.standing.values() if one.told_as is not None]
        return sorted(standing, key=lambda one: (not one.condition.is_severe, one.since))
