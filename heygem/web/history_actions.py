"""What a user does to finished videos: throws away, brings back, keeps, names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from heygem.config.strings import Translator
from heygem.domain.archive_errors import ArchiveUnsetError
from heygem.domain.library import OutputKind
from heygem.library.catalogue import Library
from heygem.library.fetching import FetchDesk
from heygem.web import format as fmt


@dataclass(frozen=True)
class Done:
    """`told` is the sentence on what was done, "" where it shows anyway; `undo` are the ids that undoing restores."""

    told: str = ""
    undo: tuple[str, ...] = ()


Do: TypeAlias = Callable[[Sequence[str], str, Translator], Done]
NOTHING: Final = Done()


class OutputActions:
    def __init__(self, library: Library, desk: FetchDesk | None = None) -> None:
        """`desk` is what videos are asked for at that the archive alone has."""
        self._library = library
        self._desk = desk
        self._by_name: Mapping[str, Do] = {
            "trash": self._trash,
            "remove": self._trash,  # the key Delete
            "restore": self._restore,
            "purge": self._purge,
            "fetch": self._fetch,
            "unfetch": self._unfetch,
            "unarchive": self._unarchive,
            "pin": self._pin,
            "kind": self._set_kind,
            "rename": self._rename,
            "tags": self._set_tags,
        }

    def do(self, name: str, ids: Sequence[str], text: str, tr: Translator) -> Done:
        """`text` is what was entered. A name that is not known does nothing. Raises HeyGemError."""
        return self._by_name[name](ids, text, tr) if ids and name in self._by_name else NOTHING

    def _trash(self, ids: Sequence[str], text: str, tr: Translator) -> Done:
        del text
        report = self._library.trash(ids)
        told = tr("history.trashed", count=report.count, size=fmt.size(report.size_bytes))
        return Done(told, tuple(ids)) if report.count else NOTHING

    def _restore(self, ids: Sequence[str], text: str, tr: Translator) -> Done:
        del text
        return Done(tr("history.restored", count=self._library.restore(ids)))

    def _purge(self, ids: Sequence[str], text: str, tr: Translator) -> Done:
        del text
        return Done(tr("history.purged", size=fmt.size(self._library.purge(ids))))

    def _fetch(self, ids: Sequence[str], text: str, tr: Translator) -> Done:
        del text
        if self._desk is None:
            raise ArchiveUnsetError()
        self._desk.ask(ids)
        return Done(tr("history.fetch_asked", count=len(ids)))

    def _unfetch(self, ids: Sequence[str], text: str, tr: Translator) -> Done:
        del text, tr
        if self._desk is not None:
            for output_id in ids:
                self._desk.cancel(output_id)
        return NOTHING

    def _unarchive(self, ids: Sequence[str], text: str, tr: Translator) -> Done:
        del text
        return Done(tr("history.unarchived", size=fmt.size(self._library.remove_copies(ids))))

    def _pin(self, ids: Sequence[str], text: str, tr: Translator) -> Done:
        """What is pinned becomes as new ones are."""
        del text, tr
        for output_id in ids:
            is_pinned = self._library.get(output_id).kind is OutputKind.PINNED
            self._library.set_kind([output_id], self._library.default_kind if is_pinned else OutputKind.PINNED)
        return NOTHING

    def _set_kind(self, ids: Sequence[str], text: str, tr: Translator) -> Done:
        del tr
        if text in [*OutputKind]:
            self._library.set_kind(ids, OutputKind(text))
        return NOTHING

    def _rename(self, ids: Sequence[str], text: str, tr: Translator) -> Done:
        del tr
        self._library.rename(ids[0], text)
        return NOTHING

    def _set_tags(self, ids: Sequence[str], text: str, tr: Translator) -> Done:
        del tr
        self._library.set_tags(ids[0], text.split())
        return NOTHING
