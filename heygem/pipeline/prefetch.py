"""Runs a generator in a thread of its own, a bounded number of items ahead of whoever takes them."""

import contextlib
import queue
import threading
from collections.abc import Generator, Iterable
from typing import Final, TypeVar

T = TypeVar("T")

_POLL_S: Final = 0.1


class _End:
    """The last item: the source ran out, or raised."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def prefetch(source: Iterable[T], size: int) -> Generator[T, None, None]:
    """The items of `source`, up to `size` of them made ahead.

    What `source` raises is raised here. Closing this generator ends the thread and closes `source`.
    """
    items: queue.Queue[T | _End] = queue.Queue(maxsize=size)
    is_closed = threading.Event()

    def put(item: T | _End) -> bool:
        while not is_closed.is_set():
            with contextlib.suppress(queue.Full):
                items.put(item, timeout=_POLL_S)
                return True
        return False

    def run() -> None:
        error: BaseException | None = None
        try:
            for item in source:
                if not put(item):
                    break
        except BaseException as raised:  # carried over to the taker's thread, whatever it is
            error = raised
        finally:
            if isinstance(source, Generator):
                source.close()
            put(_End(error))

    thread = threading.Thread(target=run, name="prefetch", daemon=True)
    thread.start()
    try:
        while not isinstance(item := items.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        is_closed.set()
        thread.join()
