"""A set of a file's bytes, kept as ranges. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import TypeAlias

Range: TypeAlias = tuple[int, int]  # from its first byte to before its end


class Ranges:
    """Disjoint ranges in order, none of them empty, no two touching. For one thread at a time."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in ranges:
            self.add(start, end)

    def __iter__(self) -> Iterator[Range]:
        return iter(list(zip(self._starts, self._ends, strict=True)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranges) and self._starts == other._starts and self._ends == other._ends

    def __repr__(self) -> str:
        return f"Ranges({list(self)})"

    @property
    def total(self) -> int:
        """How many bytes are in it."""
        return sum(self._ends) - sum(self._starts)

    def add(self, start: int, end: int) -> None:
        if start >= end:
            return
        first, last = bisect_left(self._ends, start), bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last], self._ends[first:last] = [start], [end]

    def remove(self, start: int, end: int) -> None:
        if start >= end:
            return
        first, last = bisect_right(self._ends, start), bisect_left(self._starts, end)
        touched = list(zip(self._starts[first:last], self._ends[first:last], strict=True))
        left = [(a, start) for a, _ in touched[:1] if a < start] + [(end, b) for _, b in touched[-1:] if b > end]
        self._starts[first:last], self._ends[first:last] = [a for a, _ in left], [b for _, b in left]

    def end_of_run(self, start: int) -> int:
        """Where the bytes that are in it from `start` on end; `start` itself where that is not in it."""
        at = bisect_right(self._starts, start) - 1
        return max(start, self._ends[at]) if at >= 0 else start

    def covers(self, start: int, end: int) -> bool:
        return self.end_of_run(start) >= end

    def gaps(self, start: int, end: int) -> list[Range]:
        """What of `start` to `end` is not in it."""
        missing = Ranges([(start, end)])
        for range_ in self:
            missing.remove(*range_)
        return list(missing)

    def within(self, start: int, end: int) -> list[Range]:
        """What of `start` to `end` is in it."""
        return [(max(a, start), min(b, end)) for a, b in self if a < end and b > start]

    def intersection(self, other: "Ranges") -> "Ranges":
        return Ranges(piece for range_ in other for piece in self.within(*range_))

    def copy(self) -> "Ranges":
        return Ranges(self)
