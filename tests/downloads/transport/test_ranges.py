"""Ranges against a plain set of numbers."""

from hypothesis import given
from hypothesis import strategies as st

from heygem.downloads.transport.ranges import Ranges

SIZE = 40
range_ = st.tuples(st.integers(0, SIZE), st.integers(0, SIZE))
steps = st.lists(st.tuples(st.booleans(), range_), max_size=25)


def build(taken: list[tuple[bool, tuple[int, int]]]) -> tuple[Ranges, set[int]]:
    ranges, plain = Ranges(), set[int]()
    for is_added, (start, end) in taken:
        if is_added:
            ranges.add(start, end)
            plain |= set(range(start, end))
        else:
            ranges.remove(start, end)
            plain -= set(range(start, end))
    return ranges, plain


def numbers(pieces) -> set[int]:
    return {number for start, end in pieces for number in range(start, end)}


@given(steps)
def test_it_holds_what_was_added_and_not_removed(taken):
    ranges, plain = build(taken)
    assert numbers(ranges) == plain and ranges.total == len(plain)
    flat = [edge for pair in ranges for edge in pair]
    assert flat == sorted(set(flat))  # none is empty, no two touch


@given(steps, range_)
def test_gaps_and_contents_divide_a_range(taken, wanted):
    ranges, plain = build(taken)
    everything = set(range(*wanted))
    assert numbers(ranges.within(*wanted)) == everything & plain
    assert numbers(ranges.gaps(*wanted)) == everything - plain
    assert ranges.covers(*wanted) == (everything <= plain)


@given(steps, st.integers(0, SIZE))
def test_a_run_ends_at_the_first_number_that_is_missing(taken, start):
    ranges, plain = build(taken)
    end = ranges.end_of_run(start)
    assert set(range(start, end)) <= plain and end not in plain


@given(steps, steps)
def test_an_intersection_is_in_both(one, two):
    (ranges, plain), (others, other) = build(one), build(two)
    assert numbers(ranges.intersection(others)) == plain & other
    assert ranges.copy() == ranges and ranges.copy() is not ranges
