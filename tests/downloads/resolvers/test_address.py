"""When the signatures of the usual stores are over."""

from datetime import UTC, datetime

import pytest

from heygem.downloads.resolvers.address import find_expiry

THEN = datetime(2027, 1, 15, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "query",
    [
        "X-Amz-Date=20270115T073000Z&X-Amz-Expires=1800",
        "X-Goog-Date=20270115T073000Z&X-Goog-Expires=1800",
        "Expires=1800000000&Signature=x",
        "x-oss-expires=1800000000",
        "sv=2021&se=2027-01-15T08%3A00%3A00Z&sig=x",
        "sign=c2lnbmF0dXJlIG9mIHRoZSBmaWxl:1800000000",
        "deadline=1800000000",
    ],
)
def test_a_signed_address_tells_its_end(query: str):
    assert find_expiry(f"https://store.example/x?{query}") == THEN


@pytest.mark.parametrize(
    "query",
    ["", "expires=3600", "sign=c2lnbmF0dXJlIG9mIHRoZSBmaWxl:0", "se=never", "X-Amz-Expires=60", "e=99999999999999"],
)
def test_others_tell_none(query: str):
    assert find_expiry(f"https://store.example/x?{query}") is None
