"""The library in figures, for those who watch over it, and what pruning adds to the figures that only grow."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from heygem.domain.figures import Figure, FigureName
from heygem.domain.library import OutputKind, OutputState
from heygem.library.base import LibraryBase
from heygem.storage.figures import add_figures, set_figure
from heygem.storage.tables import outputs

KNOWN: Final = tuple(state for state in OutputState if state is not OutputState.REMOVED)


@dataclass(frozen=True)
class Stock:
    """How many videos of one state and kind there are, and their bytes."""

    state: OutputState
    kind: OutputKind
    count: int
    size_bytes: int


class Stocktaking(LibraryBase):
    def list_stock(self) -> list[Stock]:
        """For each state and kind, none of what has been removed."""
        columns = outputs.c
        query = select(columns.state, columns.kind, func.count(), func.sum(columns.size_bytes))
        query = query.where(columns.state.in_(KNOWN)).group_by(columns.state, columns.kind)
        with self.database.read() as connection:
            found = {(row[0], row[1]): (row[2], int(row[3])) for row in connection.execute(query).all()}
        return [Stock(state, kind, *found.get((state, kind), (0, 0))) for state in KNOWN for kind in OutputKind]

    def note_prune(self, trashed: int, purged: int, freed_bytes: int, is_whole: bool) -> None:
        """`is_whole` unless the plan was broken off."""
        amounts = {
            Figure(FigureName.PRUNE_TRASHED): trashed,
            Figure(FigureName.PRUNE_PURGED): purged,
            Figure(FigureName.PRUNE_FREED_BYTES): freed_bytes,
            Figure(FigureName.PRUNES): int(is_whole),
        }
        with self.database.write() as connection:
            add_figures(connection, amounts)
            if is_whole:
                set_figure(connection, Figure(FigureName.PRUNED_AT), self.database.now(connection).timestamp())
