"""What is still to be delivered, to which target, in which order, and which target knows of which alert. Pure.

A target that never heard of an alert is not told that it is over.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from heygem.maintenance.alerts.conditions import Condition
from heygem.maintenance.alerts.standing import LetterKind

OLDEST: Final = timedelta(days=1)  # what could not be delivered for so long is given up


@dataclass(frozen=True)
class Message:
    """A letter in words."""

    topic: str
    kind: LetterKind
    condition: Condition
    title: str
    body: str
    at: datetime


@dataclass(frozen=True)
class Delivery:
    target: str  # its key
    message: Message


@dataclass(frozen=True)
class Outbox:
    """`knowing` are, by topic, the targets that have been told of what stands."""

    waiting: tuple[Delivery, ...] = ()
    knowing: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def list_next(self) -> list[Delivery]:
        """The first that waits for each target."""
        first: dict[str, Delivery] = {}
        for delivery in self.waiting:
            first.setdefault(delivery.target, delivery)
        return list(first.values())


def post(outbox: Outbox, messages: Iterable[Message], targets: Collection[str]) -> Outbox:
    """With `messages` for those whom they concern. Whatever waited for a target with no more is let go."""
    outbox = replace(outbox, waiting=tuple(one for one in outbox.waiting if one.target in targets))
    for message in messages:
        outbox = _post_over(outbox, message, targets) if _is_over(message) else _post_alert(outbox, message, targets)
    return outbox


def settle(outbox: Outbox, delivered: Delivery) -> Outbox:
    """Once `delivered` has arrived."""
    waiting = tuple(one for one in outbox.waiting if one != delivered)
    topic, knowing = delivered.message.topic, dict(outbox.knowing)
    if not _is_over(delivered.message):
        knowing[topic] = knowing.get(topic, frozenset()) | {delivered.target}
    return Outbox(waiting, knowing)


def give_up(outbox: Outbox, now: datetime) -> tuple[Outbox, list[Delivery]]:
    """Without what is older than OLDEST, and that."""
    old = [one for one in outbox.waiting if now - one.message.at > OLDEST]
    return replace(outbox, waiting=tuple(one for one in outbox.waiting if one not in old)), old


def _is_over(message: Message) -> bool:
    return message.kind is LetterKind.CLEARED


def _post_alert(outbox: Outbox, message: Message, targets: Collection[str]) -> Outbox:
    """In place of an older one that still waits."""
    new = tuple(Delivery(target, message) for target in sorted(targets))
    return replace(outbox, waiting=(*_without_alerts(outbox, message.topic), *new))


def _post_over(outbox: Outbox, message: Message, targets: Collection[str]) -> Outbox:
    knowing = dict(outbox.knowing)
    told = sorted(knowing.pop(message.topic, frozenset()) & set(targets))
    new = tuple(Delivery(target, message) for target in told)
    return Outbox((*_without_alerts(outbox, message.topic), *new), knowing)


def _without_alerts(outbox: Outbox, topic: str) -> tuple[Delivery, ...]:
    return tuple(one for one in outbox.waiting if one.message.topic != topic or _is_over(one.message))
