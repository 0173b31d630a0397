"""Slices: together they are the file, and each is checked without the others."""

import hashlib

import hypothesis.strategies as st
import pytest
from hypothesis import given

from souk.edge.slices import (
    SLICE_BYTES,
    SliceMismatch,
    Source,
    checked_list,
    cuts,
    root_of,
    single,
)


def listed(slices: list[bytes]) -> tuple[Source, bytes]:
    digests = b"".join(hashlib.sha256(one).digest() for one in slices)
    size = sum(map(len, slices))
    whole = hashlib.sha256(b"".join(slices)).hexdigest()
    return Source(whole, size, root_of(digests, size)), digests


@given(st.integers(0, 5 * SLICE_BYTES), st.integers(0, 5 * SLICE_BYTES))
def test_cuts_cover_a_range_once_and_stay_in_their_slices(one: int, other: int) -> None:
    start, end = sorted((one, other))
    at = start
    for cut in cuts(start, end):
        assert 0 <= cut.start < cut.end <= SLICE_BYTES
        assert cut.index * SLICE_BYTES + cut.start == at
        at = cut.index * SLICE_BYTES + cut.end
    assert at == end


def test_a_slice_is_known_by_its_hash() -> None:
    slices = [b"a" * SLICE_BYTES, b"b" * SLICE_BYTES, b"tail"]
    source, digests = listed(slices)
    hashes = checked_list(source, digests)
    for number, content in enumerate(slices):
        hashes.check(number, content)
        with pytest.raises(SliceMismatch):
            hashes.check(number, content[:-1] + b"?")
    with pytest.raises(SliceMismatch):
        hashes.check(0, slices[1])
    with pytest.raises(SliceMismatch):
        hashes.check(3, b"")


@given(st.integers(0, 95), st.integers(1, 255))
def test_no_other_list_passes_for_the_signed_one(at: int, change: int) -> None:
    source, digests = listed([b"a" * SLICE_BYTES, b"b" * SLICE_BYTES, b"tail"])
    forged = bytearray(digests)
    forged[at] ^= change
    for wrong in (bytes(forged), digests[:-32], digests + digests[:32], b""):
        with pytest.raises(SliceMismatch):
            checked_list(source, wrong)


def test_a_file_of_one_slice_needs_no_list() -> None:
    for content in (b"", b"x", b"y" * SLICE_BYTES):
        source = Source(hashlib.sha256(content).hexdigest(), len(content), "")
        hashes = single(source)
        assert hashes is not None
        hashes.check(0, content)
    assert single(Source("0" * 64, SLICE_BYTES + 1, "")) is None


@given(st.integers(0, 4 * SLICE_BYTES))
def test_lengths_of_slices_add_up(size: int) -> None:
    source = Source("0" * 64, size, "")
    assert sum(source.length_of(number) for number in range(source.slice_count)) == size
