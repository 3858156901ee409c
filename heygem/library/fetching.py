"""The videos that are on their way back from the archive, one after the other, and how far each has come."""

import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from heygem.domain.errors import CancelledError, HeyGemError, UnexpectedError
from heygem.domain.progress import CancelToken
from heygem.library.fetcher import Fetcher
from heygem.library.flow import Flow, TokenBucket

log = logging.getLogger(__name__)


@dataclass
class Fetching:
    """`error` is why it did not come; such a one stays listed until it is asked for again or dismissed."""

    total_bytes: int
    done_bytes: int = 0
    error: HeyGemError | None = None
    cancel: CancelToken = field(default_factory=CancelToken, repr=False)

    @property
    def share(self) -> float:
        """0 to 1."""
        return min(1.0, self.done_bytes / self.total_bytes) if self.total_bytes else 0.0


class FetchDesk:
    """For many threads. Its own thread begins with the first video that is asked for."""

    def __init__(self, fetcher: Fetcher, bucket: TokenBucket | None = None) -> None:
        self._fetcher = fetcher
        self._bucket = bucket
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="fetch")
        self._lock = threading.Lock()
        self._items: dict[str, Fetching] = {}

    def ask(self, ids: Sequence[str]) -> None:
        """Each once. Raises as Fetcher.fetch does for one that cannot come at all, before any is on its way."""
        copies = {output_id: self._fetcher.library.get_copy(output_id) for output_id in ids}
        self._fetcher.check_room(sum(copy.size_bytes for copy in copies.values()))
        with self._lock:
            for output_id, copy in copies.items():
                known = self._items.get(output_id)
                if known is None or known.error is not None:
                    self._items[output_id] = item = Fetching(copy.size_bytes)
                    self._pool.submit(self._fetch, output_id, item)

    def cancel(self, output_id: str) -> None:
        """What has come of it is gone on with when it is asked for again; of one that has failed, the reason goes."""
        with self._lock:
            item = self._items.get(output_id)
            if item is not None and item.error is not None:
                del self._items[output_id]
        if item is not None:
            item.cancel.cancel()

    @property
    def is_busy(self) -> bool:
        return any(item.error is None for item in self.list_items().values())

    def list_items(self) -> Mapping[str, Fetching]:
        """By the videos' ids."""
        with self._lock:
            return dict(self._items)

    def close(self) -> None:
        """What is on its way is broken off, and gone on with when it is asked for again."""
        for item in self.list_items().values():
            item.cancel.cancel()
        self._pool.shutdown(cancel_futures=True)

    def _fetch(self, output_id: str, item: Fetching) -> None:
        def count(size_bytes: int) -> None:
            item.done_bytes += size_bytes

        try:
            item.cancel.check()
            self._fetcher.fetch(output_id, Flow(item.cancel, self._bucket, count))
        except CancelledError:
            pass
        except HeyGemError as error:
            log.warning("%s did not come from the archive: %s", output_id, error)
            item.error = error
        except Exception as error:
            log.exception("%s did not come from the archive", output_id)
            item.error = UnexpectedError(reason=type(error).__name__)
        if item.error is None:
            with self._lock:
                self._items.pop(output_id, None)
