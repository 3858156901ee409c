"""One of the connections of a transfer: asks a source for a range, writes and records what comes, takes the next."""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Final

import httpx

from heygem.domain.errors import HeyGemError
from heygem.domain.model_errors import SourceProblem
from heygem.downloads.transport.answer import Answer, Asked, conditional, looks_like_page, read_answer
from heygem.downloads.transport.body import Body
from heygem.downloads.transport.fetch_error import ChangedError, FetchError, LinkError, SlowError
from heygem.downloads.transport.part_file import ClosedError, PartFile
from heygem.downloads.transport.route import Route, open_route
from heygem.downloads.transport.source_board import SourceBoard
from heygem.downloads.transport.source_state import MOST_CHANGES, SourceState
from heygem.downloads.transport.speed import SpeedLimit
from heygem.downloads.transport.work_list import Span, WorkList

log = logging.getLogger(__name__)

READ_BYTES: Final = 1 << 20
IDLE_S: Final = 0.05
PROBATION_S: Final = 8.0  # a connection's speed says nothing before


@dataclass(frozen=True)
class Shared:
    """What the connections of one transfer have in common. `chunk_bytes`: as much is written before it is recorded."""

    client: httpx.Client
    part: PartFile
    work: WorkList
    board: SourceBoard
    limit: SpeedLimit
    over: threading.Event
    stall_s: float
    chunk_bytes: int
    may_be_page: bool


class Connection:
    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self.trouble: Exception | None = None  # what ended it; no fault of a source

    def run(self) -> None:
        """Until the transfer is over, or this machine's disk takes no more."""
        try:
            while not self._shared.over.is_set():
                if not self._step():
                    self._shared.over.wait(IDLE_S)
        except ClosedError:
            return
        except HeyGemError as error:
            self.trouble = error
        except Exception as error:
            log.exception("a connection stumbled")
            self.trouble = error

    def _step(self) -> bool:
        """Whether there was anything to do."""
        board, work = self._shared.board, self._shared.work
        state = board.choose()
        if state is None:
            return False
        try:
            span = work.take(state.speed_each)
            if span is None:
                return False
            try:
                self._fetch(state, span)
            finally:
                work.give_back(span)
        finally:
            board.release(state)
        return True

    def _fetch(self, state: SourceState, span: Span) -> None:
        began_at, route = time.monotonic(), None
        try:
            route = state.find_route()
            self._ask(state, span, route)
        except ChangedError as error:
            if self._shared.part.lose_version(state.key, error.etag):
                self._shared.board.fail(state, error, began_at)
        except FetchError as error:
            if route is None or not self._is_forgiven(state, route, error):
                log.info("%s: %s", state.key, error.reason)
                self._shared.board.fail(state, error, began_at)

    @staticmethod
    def _is_forgiven(state: SourceState, route: Route, error: FetchError) -> bool:
        """A link that has become too old is got anew, and so is where it led along redirects."""
        is_refusal = isinstance(error, LinkError) or (error.is_lasting and route.is_redirected)
        return is_refusal and state.forget(route)

    def _ask(self, state: SourceState, span: Span, route: Route) -> None:
        part = self._shared.part
        checks_etag = state.changes < MOST_CHANGES
        etag = part.etag(state.key) if checks_etag else ""
        asked = Asked(span.start, span.end, part.size_bytes, etag, self._shared.may_be_page)
        headers = {"Range": f"bytes={span.start}-{span.end - 1}", **conditional(etag)}
        response, route = open_route(self._shared.client, route, headers)
        try:
            answer = read_answer(response, asked)
            self._shared.board.prove(state, knows_ranges=not answer.is_whole)
            if answer.is_whole and self._shared.board.has_other_ranged(state):
                return
            state.remember(route)
            etag = answer.etag if checks_etag else ""
            part.name(state.key, etag)
            if answer.is_whole:
                self._shared.work.extend(span)
            self._receive(state, span, answer, Body(response, answer.length), etag)
        finally:
            response.close()

    def _receive(self, state: SourceState, span: Span, answer: Answer, body: Body, etag: str) -> None:
        """Writes what comes of `span`, and records it in chunks, the last one too whatever happens."""
        shared, position = self._shared, answer.start
        begun_at = heard_at = time.monotonic()
        try:
            while not shared.over.is_set() and not shared.work.is_over(span):
                block = body.read(self._most(span))
                now = time.monotonic()
                if block is None:
                    if now - heard_at > shared.board.patience_s(state, shared.stall_s):
                        raise FetchError(SourceProblem.TIMED_OUT)
                    continue
                if not block:
                    if position < answer.end:
                        raise FetchError(SourceProblem.UNREACHABLE)  # closed early
                    return
                if position == 0 and looks_like_page(block) and not shared.may_be_page:
                    raise FetchError(SourceProblem.PAGE, is_lasting=True)
                self._write(span, position, block)
                position += len(block)
                shared.board.receive(state, len(block))
                if span.position - span.noted >= shared.chunk_bytes:
                    self._note(state, span, etag)
                shared.over.wait(shared.limit.book(len(block)))
                heard_at = time.monotonic()
                if now - begun_at > PROBATION_S and shared.board.is_outpaced(span.speed(now)):
                    raise SlowError(SourceProblem.TOO_SLOW)
        finally:
            self._note(state, span, etag)

    def _most(self, span: Span) -> int:
        """How much to read at once, so that there is never more than a chunk that is not recorded."""
        limit = self._shared.limit.block_bytes
        most = max(1, self._shared.chunk_bytes - (span.position - span.noted))
        return min(READ_BYTES, most, limit or READ_BYTES)

    def _write(self, span: Span, position: int, block: bytes) -> None:
        """What of `block`, which stands at `position` in the file, is the span's."""
        useful = memoryview(block)[max(0, span.position - position) :][: span.left]
        if useful:
            self._shared.part.write(span.position, useful)
        self._shared.work.advance(span, len(useful))

    def _note(self, state: SourceState, span: Span, etag: str) -> None:
        start, span.noted = span.noted, span.position
        if not self._shared.part.note(start, span.position, state.key, etag):
            raise ChangedError(etag)
