"""What is kept of an error, its code and its context as JSON, and the error back from that."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

from heygem.domain.errors import HeyGemError, MediaError, UnexpectedError


def storable_context(error: HeyGemError) -> dict[str, str | int | float]:
    """The error's context as JSON can keep it."""
    return {key: _make_storable(value) for key, value in error.context.items()}


def restore_error(code: str, context: Mapping[str, object]) -> HeyGemError:
    """The error that had this code and this `storable_context`; UnexpectedError for a code that is not known."""
    kinds = {kind.code: kind for kind in _list_kinds(HeyGemError)}
    kind = kinds.get(code, UnexpectedError)
    if issubclass(kind, MediaError):
        rest = {key: value for key, value in context.items() if key not in ("name", "path")}
        return kind(Path(str(context["path"])), **rest)
    return kind(**(context if code in kinds else {"reason": code}))


def list_codes(kind: type[HeyGemError]) -> frozenset[str]:
    """Of `kind` and of all below it."""
    return frozenset(child.code for child in _list_kinds(kind))


def _list_kinds(kind: type[HeyGemError]) -> Iterator[type[HeyGemError]]:
    """The tree from `kind` on, itself first, so that of two with one code the leaf comes last."""
    yield kind
    for child in kind.__subclasses__():
        yield from _list_kinds(child)


def _make_storable(value: object) -> str | int | float:
    is_number = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return value if is_number else str(value)  # type: ignore[return-value]  # a number, as has just been asked
