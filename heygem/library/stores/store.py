"""What an archive can do, whatever it is made of."""

from typing import BinaryIO, Protocol

from heygem.domain.progress import CancelToken
from heygem.library.flow import Flow


class ArchiveStore(Protocol):
    """Files by their keys: names with slashes. For many threads; nothing is opened before it is used.

    All raise ArchiveUnusableError where it does not answer, ArchiveDeniedError where it does not let us in. What is
    cancelled while it waits for an answer ends after a second, by CancelledError, however long the answer takes.
    """

    @property
    def place(self) -> str:
        """Where it is, for people; without any secret."""
        ...

    def find_size(self, key: str, cancel: CancelToken | None = None) -> int | None:
        """Bytes; None where there is no such file."""
        ...

    def send(self, key: str, source: BinaryIO, size_bytes: int, flow: Flow) -> None:
        """Puts `source`, read from its beginning, under `key`, in place of what may be there, whole or not at all. What
        an earlier call has sent and was broken off by is not sent again. No more than a part is in memory.
        """
        ...

    def read(self, key: str, start: int, end: int, cancel: CancelToken | None = None) -> bytes:
        """From `start` up to but without `end`. Raises ArchiveCopyLostError where there is no such file."""
        ...

    def remove(self, key: str) -> None:
        """Does nothing where there is no such file."""
        ...
