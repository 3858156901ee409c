"""What the page and programs see of the models: one picture of everything, taken at once."""

from dataclasses import dataclass
from datetime import datetime

from heygem.domain.errors import HeyGemError
from heygem.domain.models import ModelEntry, ModelProgress, ModelState, ModelStatus, TransferPhase
from heygem.downloads.region import Region


@dataclass(frozen=True)
class ModelView:
    """`phase` is None where nothing is going on: else WAITING, RESOLVING, TRANSFERRING and VERIFYING are under way,
    PAUSED and FAILED go on by `start`, and DONE is the last thing that was asked for. `progress` goes with it.
    `is_interrupted`: PAUSED by the server's end, not by a person. `error` goes with FAILED.
    """

    status: ModelStatus
    needs_licence: bool
    accepted_at: datetime | None = None
    phase: TransferPhase | None = None
    progress: ModelProgress | None = None
    is_interrupted: bool = False
    error: HeyGemError | None = None

    @property
    def entry(self) -> ModelEntry:
        return self.status.entry

    @property
    def state(self) -> ModelState:
        return self.status.state

    @property
    def is_under_way(self) -> bool:
        return self.phase in UNDER_WAY


@dataclass(frozen=True)
class ModelsSnapshot:
    """`used_bytes` is what all models take, `free_bytes` what is left on their disk."""

    models: tuple[ModelView, ...]
    used_bytes: int
    free_bytes: int
    region: Region

    @property
    def missing(self) -> tuple[ModelView, ...]:
        """Those that are not here, or not whole."""
        return tuple(view for view in self.models if view.state in (ModelState.MISSING, ModelState.PARTIAL))

    @property
    def missing_bytes(self) -> int:
        """What is left to be downloaded of them."""
        return sum(view.status.missing_bytes for view in self.missing)


UNDER_WAY = (
    TransferPhase.WAITING,
    TransferPhase.RESOLVING,
    TransferPhase.TRANSFERRING,
    TransferPhase.VERIFYING,
)
