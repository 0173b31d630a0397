"""One range of immutable bytes, as RFC 9110 asks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souk.delivery.downloads.ranges import Span, choose_span, is_not_modified

TAG = '"abc"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, Span(200, 0, 100)),
        ("bytes=0-9", Span(206, 0, 10)),
        ("bytes=90-", Span(206, 90, 100)),
        ("bytes=-10", Span(206, 90, 100)),
        ("bytes=-1000", Span(206, 0, 100)),
        ("bytes=50-1000", Span(206, 50, 100)),
        ("bytes=100-", Span(416, 100, 100)),
        ("bytes=-0", Span(416, 100, 100)),
        ("bytes=9-1", Span(200, 0, 100)),
        ("bytes=0-1,5-6", Span(200, 0, 100)),
        ("items=0-1", Span(200, 0, 100)),
        ("bytes=a-b", Span(200, 0, 100)),
        ("bytes=-", Span(200, 0, 100)),
        ("bytes=٣-٥", Span(200, 0, 100)),
        ("bytes=0-" + 5000 * "9", Span(200, 0, 100)),
    ],
)
def test_ranges(header: str | None, expected: Span) -> None:
    assert choose_span(100, etag=TAG, range_header=header, if_range=None) == expected


def test_a_stale_if_range_gets_everything() -> None:
    stale = choose_span(100, etag=TAG, range_header="bytes=5-", if_range='"old"')
    assert stale == Span(200, 0, 100)
    fresh = choose_span(100, etag=TAG, range_header="bytes=5-", if_range=TAG)
    assert fresh == Span(206, 5, 100)


@given(st.text(max_size=40), st.integers(0, 2**40))
def test_no_header_makes_an_impossible_span(header: str, size: int) -> None:
    span = choose_span(size, etag=TAG, range_header=header, if_range=None)
    assert 0 <= span.start <= span.end <= size
    assert span.status in (200, 206, 416)
    assert span.status != 206 or span.length > 0


def test_conditions() -> None:
    assert is_not_modified(TAG, TAG)
    assert is_not_modified(f'"x", W/{TAG}', TAG)
    assert is_not_modified("*", TAG)
    assert not is_not_modified('"x"', TAG)
    assert not is_not_modified(None, TAG)
