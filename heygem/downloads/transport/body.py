"""The body of an answer, read in large blocks past the HTTP library where its length is known: a third of the work."""

from collections.abc import Iterator
from typing import Final

import httpcore
import httpx

from heygem.domain.model_errors import SourceProblem
from heygem.downloads.transport.fetch_error import FetchError
from heygem.downloads.transport.route import translate

PATIENCE_S: Final = 0.5  # after so long without a byte the reader gets a chance to look around


class Body:
    """For one thread. The response is to be closed by its owner; its connection cannot be used again."""

    def __init__(self, response: httpx.Response, length: int | None) -> None:
        """`length` is what the head says, None for a body in chunks."""
        self._blocks: Iterator[bytes] = response.iter_raw()
        self._stream: httpcore.NetworkStream | None = response.extensions.get("network_stream")
        self._left = length
        self._has_begun = False

    def read(self, most: int) -> bytes | None:
        """Up to about `most` bytes; none at the end, None where nothing has come for a moment. Raises FetchError."""
        if self._left == 0:
            return b""
        if self._left is None or self._stream is None or not self._has_begun:
            block = self._read_through()
        else:
            read = self._read_past(self._stream, min(most, self._left))
            if read is None:
                return None
            block = read
        if self._left is not None:
            if not block:
                raise FetchError(SourceProblem.UNREACHABLE)  # closed early
            self._left -= len(block)
        self._has_begun = True
        return block

    def _read_through(self) -> bytes:
        """The first block, which came with the head and empties the library's buffer; any block of a body in chunks."""
        try:
            return next(self._blocks, b"")
        except httpx.HTTPError as error:
            raise translate(error) from error

    @staticmethod
    def _read_past(stream: httpcore.NetworkStream, most: int) -> bytes | None:
        try:
            return stream.read(most, timeout=PATIENCE_S)
        except httpcore.ReadTimeout:
            return None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise translate(error) from error
