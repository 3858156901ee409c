"""One round: looks, decides what is to be said, keeps it in the book, and delivers it. What cannot be delivered now is
tried again by the next round.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from heygem.domain.errors import HeyGemError
from heygem.maintenance.alerts.book import AlertBook, Page
from heygem.maintenance.alerts.conditions import GONE, Sighting
from heygem.maintenance.alerts.outbox import Delivery, Message, give_up, post, settle
from heygem.maintenance.alerts.standing import AlertState, Letter, LetterKind, follow
from heygem.maintenance.alerts.watches import Watch

log = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=1)


class Receiver(Protocol):
    """A target, as much of it as is needed here."""

    @property
    def key(self) -> str: ...
    @property
    def name(self) -> str: ...
    def tell(self, message: Message) -> str | None: ...


@dataclass
class Alerts:
    """For one thread of one process at a time. The book is read anew each round, since another process may have had
    the last one; one that could not be written, on a full disk say, is remembered instead.
    """

    watches: Sequence[Watch]
    book: AlertBook
    receivers: Sequence[Receiver]
    put_in_words: Callable[[Letter], Message]
    repeat: timedelta
    _unwritten: Page | None = None
    _refused: dict[str, str] = field(default_factory=dict)

    def run(self, now: datetime) -> None:
        page = self._unwritten or self.book.read()
        state, letters = follow(page.state, self._look(page.state, now), now, self.repeat)
        for letter in letters:
            level = logging.INFO if letter.kind is LetterKind.CLEARED else logging.WARNING
            log.log(level, "alert %s: %s %s %s", letter.kind, letter.topic, letter.condition, dict(letter.facts))
        outbox = post(page.outbox, map(self.put_in_words, letters), {receiver.key for receiver in self.receivers})
        outbox, old = give_up(outbox, now)
        for delivery in old:
            log.error("an alert could not be delivered and is given up: %s", delivery.message.title)
        before, page = page, Page(state, outbox)
        if page != before or self._unwritten is not None:
            self._write(page)
        self._deliver(page)

    def _look(self, state: AlertState, now: datetime) -> dict[str, Sighting | None]:
        """What a watch no longer names is gone; of what belongs to one that fails nothing is known."""
        seen: dict[str, Sighting | None] = {}
        for watch in self.watches:
            try:
                found = watch.look(now)
            except (HeyGemError, OSError) as error:
                log.warning("%s could not be looked at: %s", watch.topic, error)
                continue
            gone = {topic: GONE for topic in state.standing if topic.partition(":")[0] == watch.topic}
            seen |= gone | dict(found)
        return seen

    def _deliver(self, page: Page) -> None:
        """To each receiver in order until one fails, to all receivers at once."""
        failed: set[str] = set()
        by_key = {receiver.key: receiver for receiver in self.receivers}
        while due := [one for one in page.outbox.list_next() if one.target not in failed]:
            with ThreadPoolExecutor(len(due)) as pool:
                reasons = list(pool.map(lambda one: by_key[one.target].tell(one.message), due))
            for delivery, reason in zip(due, reasons, strict=True):
                self._note(by_key[delivery.target], delivery, reason)
                if reason is None:
                    page = Page(page.state, settle(page.outbox, delivery))
                else:
                    failed.add(delivery.target)
            self._write(page)

    def _note(self, receiver: Receiver, delivery: Delivery, reason: str | None) -> None:
        """A reason is told once, not with every try."""
        if reason is None:
            self._refused.pop(receiver.key, None)
            log.info("told %s: %s", receiver.name, delivery.message.title)
        elif self._refused.get(receiver.key) != reason:
            self._refused[receiver.key] = reason
            log.warning("%s could not be told, and is tried again: %s", receiver.name, reason)

    def _write(self, page: Page) -> None:
        try:
            self.book.write(page)
            self._unwritten = None
        except OSError as error:
            log.warning("what was told could not be kept: %s", error)
            self._unwritten = page
