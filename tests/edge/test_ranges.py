"""Range headers: what is sent is what was asked for, once, and never in too many parts."""

import hypothesis.strategies as st
from hypothesis import given

from souk.edge.ranges import MAX_RANGES, Part, is_not_modified, is_refused, wanted_parts

SIZES = st.integers(0, 5000)
PIECES = st.one_of(
    st.tuples(st.integers(0, 6000), st.integers(0, 6000)).map(lambda p: f"{p[0]}-{p[1]}"),
    st.integers(0, 6000).map(lambda n: f"{n}-"),
    st.integers(0, 6000).map(lambda n: f"-{n}"),
)


def asked_bytes(pieces: list[str], size: int) -> set[int] | None:
    """The plain reading of the RFC, byte by byte; None when the header makes no sense."""
    found: set[int] = set()
    for piece in pieces:
        first, _, last = piece.partition("-")
        if first and last and int(last) < int(first):
            return None
        if first:
            found |= set(range(int(first), min(int(last) + 1 if last else size, size)))
        else:
            found |= set(range(max(0, size - int(last)), size))
    return found


@given(SIZES, st.lists(PIECES, min_size=1, max_size=12))
def test_the_parts_are_the_bytes_that_were_asked_for(size: int, pieces: list[str]) -> None:
    wanted = asked_bytes(pieces, size)
    parts = wanted_parts("bytes=" + ", ".join(pieces), size)
    if wanted is None:
        assert parts is None
        return
    assert parts is not None
    sent = [byte for part in parts for byte in range(part.start, part.end)]
    assert sent == sorted(wanted)
    assert all(part.length > 0 for part in parts)


@given(st.text(max_size=60), SIZES)
def test_no_header_breaks_it(header: str, size: int) -> None:
    parts = wanted_parts(header, size)
    assert parts is None or all(0 <= p.start < p.end <= size for p in parts)


def test_thousands_of_ranges_get_the_whole() -> None:
    assert wanted_parts("bytes=" + ",".join(f"{n}-{n}" for n in range(0, 9000, 2)), 10_000) is None
    several = ",".join(f"{n * 10}-{n * 10}" for n in range(MAX_RANGES + 1))
    assert wanted_parts(f"bytes={several}", 10_000) is None
    overlapping = ",".join("0-" for _ in range(1000))
    assert wanted_parts(f"bytes={overlapping}", 10_000) == [Part(0, 10_000)]


def test_numbers_that_overflow_are_no_numbers() -> None:
    assert wanted_parts("bytes=" + "9" * 30 + "-", 10) is None
    assert wanted_parts("bytes=0-" + "9" * 18, 10) == [Part(0, 10)]
    assert wanted_parts("bytes=999999999999999999-", 10) == []
    assert wanted_parts("bytes=-0", 10) == []
    assert wanted_parts("chunks=0-1", 10) is None
    assert wanted_parts("bytes=٣-٤", 10) is None


def test_conditions_compare_entity_tags() -> None:
    assert is_not_modified('W/"a", "b"', '"a"') and is_not_modified("*", '"a"')
    assert not is_not_modified('"c"', '"a"') and not is_not_modified(None, '"a"')
    assert is_refused('"c"', '"a"') and not is_refused('"c", "a"', '"a"')
    assert not is_refused("*", '"a"') and not is_refused(None, '"a"')
