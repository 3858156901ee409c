"""Column types that turn what a database keeps into what the code works with, the same on both databases."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, String, Text, TypeDecorator


class Utc(TypeDecorator[datetime]):
    """An aware datetime, in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base class's signature
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PathText(TypeDecorator[Path]):
    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Path | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Path | None:  # noqa: ARG002
        return None if value is None else Path(value)


class Words(TypeDecorator[str]):
    """Text from people and programs, without the few characters that one of the databases cannot keep."""

    impl: Any = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else keepable(value)


class Id(Words):
    """An id of the queue's own, which whoever asks may get wrong in any way."""

    impl = String(32)
    cache_ok = True


class Facts(TypeDecorator[Any]):
    """JSON; None is no value rather than JSON's null."""

    impl = JSON(none_as_null=True)
    cache_ok = True


def keepable(text: str) -> str:
    """`text` without NUL, and with a question mark for each half of a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
