"""Which part of a file a header asks for."""

import pytest

from heygem.web.byte_range import ByteRange, read_range


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (None, None), ("", None), ("bytes=", None), ("bytes=-", None), ("items=0-1", None), ("bytes=5-3", None),
        ("bytes=0-1,5-6", None), ("bytes=a-b", None), ("bytes=0-", (0, 100)), ("bytes=0-0", (0, 1)),
        ("Bytes=10-19", (10, 20)), ("bytes=90-", (90, 100)), ("bytes=90-1000", (90, 100)), ("bytes=-5", (95, 100)),
        ("bytes=-1000", (0, 100)), ("bytes=99-99", (99, 100)),
    ],
)  # fmt: skip
def test_what_is_asked_for(header: str | None, found: tuple[int, int] | None) -> None:
    assert read_range(header, 100) == (None if found is None else ByteRange(*found))


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_what_is_not_there(header: str) -> None:
    with pytest.raises(ValueError, match="100"):
        read_range(header, 100)
    with pytest.raises(ValueError, match="of 0"):
        read_range("bytes=0-", 0)


def test_it_is_described_as_the_standard_has_it() -> None:
    assert ByteRange(10, 20).describe(100) == "bytes 10-19/100"
