"""Xorbs: what was packed comes back, and nothing else is believed."""

import lz4.frame
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souk.delivery.xet.chunking import CHUNK_MAX_BYTES
from souk.delivery.xet.errors import XorbInvalid
from souk.delivery.xet.hashes import chunk_hash
from souk.delivery.xet.xorbs import (
    XorbReader,
    group,
    pack,
    pack_header,
    read_xorb,
    ungroup,
    unpack_run,
)

CALM = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
"""Nothing here depends on how busy the machine is."""

chunks = st.lists(st.binary(min_size=1, max_size=2000), min_size=1, max_size=8)


def header(scheme: int, packed: int, size: int, *, version: int = 0) -> bytes:
    return (
        bytes([version])
        + packed.to_bytes(3, "little")
        + bytes([scheme])
        + size.to_bytes(3, "little")
    )


def grouped(content: bytes) -> bytes:
    packed: bytes = lz4.frame.compress(group(content))
    return header(2, len(packed), len(content)) + packed


@CALM
@given(chunks, st.integers(0, 2))
def test_chunks_come_back(contents: list[bytes], scheme: int) -> None:
    packs = [lambda c: pack_header(len(c)) + c, pack, grouped]
    parts = [packs[(scheme + number) % 3](part) for number, part in enumerate(contents)]
    xorb = b"".join(parts)
    found, end = read_xorb(xorb)
    assert [chunk.hash for chunk in found] == [chunk_hash(content) for content in contents]
    assert [chunk.size_bytes for chunk in found] == [len(content) for content in contents]
    assert [chunk.end for chunk in found][-1] == end == len(xorb)
    assert list(unpack_run(memoryview(xorb))) == contents
    assert read_xorb(xorb + footer(b"anything")) == (found, end)


@CALM
@given(chunks, st.booleans(), st.lists(st.integers(1, 900), min_size=1, max_size=30))
def test_it_does_not_matter_in_what_pieces_a_xorb_arrives(
    contents: list[bytes], ends: bool, lengths: list[int]
) -> None:
    xorb = b"".join(pack(content) for content in contents) + (footer(b"anything") if ends else b"")
    reader, at = XorbReader(), 0
    for length in [*lengths, len(xorb)]:
        reader.take(xorb[at : at + length])
        at += length
    reader.finish()
    assert (reader.chunks, reader.end) == read_xorb(xorb)


def footer(content: bytes) -> bytes:
    body = b"XETBLOB\x01" + content
    return body + len(body).to_bytes(4, "little")


@CALM
@given(st.binary(max_size=300))
def test_grouping_is_undone(content: bytes) -> None:
    assert ungroup(group(content)) == content


def test_bytes_are_grouped_as_the_specification_shows() -> None:
    assert group(b"ABCDabcd12") == b"Aa1Bb2CcDd"


@CALM
@given(st.binary(max_size=400))
def test_noise_is_refused_in_words(noise: bytes) -> None:
    try:
        read_xorb(noise)
    except XorbInvalid as error:
        assert error.status == 400


@CALM
@given(chunks, st.data())
def test_a_changed_byte_never_passes_for_the_same_chunks(
    contents: list[bytes], data: st.DataObject
) -> None:
    xorb = bytearray(b"".join(pack(content) for content in contents))
    expected = [chunk_hash(content) for content in contents]
    at = data.draw(st.integers(0, len(xorb) - 1))
    xorb[at] ^= data.draw(st.integers(1, 255))
    try:
        found, _ = read_xorb(bytes(xorb))
    except XorbInvalid:
        return
    same = [chunk.hash for chunk in found] == expected
    assert not same or list(unpack_run(memoryview(bytes(xorb)))) == contents


@pytest.mark.parametrize(
    ("xorb", "why"),
    [
        (b"", "no chunks"),
        (footer(b""), "no chunks"),
        (b"\0" * 5, "within a chunk's header"),
        (header(0, 10, 10) + b"short", "within a chunk"),
        (header(0, 4, 5) + b"four", "its header says 5"),
        (header(0, 0, 0), "is empty"),
        (header(3, 1, 1) + b"x", "none of 0, 1, 2"),
        (header(0, 1, 1, version=1) + b"x", "version 1"),
        (header(0, CHUNK_MAX_BYTES + 1, CHUNK_MAX_BYTES + 1), "more than 131072"),
        (header(1, 2**24 - 1, 10), "more than it may"),
        (header(1, 4, 4) + b"nope", "not one whole LZ4 frame"),
        (header(1, 20, 4) + b"no LZ4 frame at all!", "cannot be unpacked"),
        (pack_header(1) + b"x" + footer(b"")[:-1] + b"\xff", "not as long as it says"),
        (pack_header(1) + b"x" + b"XETBLOB", "not as long as it says"),
    ],
)
def test_what_is_no_xorb_is_refused(xorb: bytes, why: str) -> None:
    with pytest.raises(XorbInvalid, match=why):
        read_xorb(xorb)


def test_a_bomb_is_unpacked_no_further_than_it_may_be() -> None:
    bomb = lz4.frame.compress(bytes(50 * 2**20))[: 2 * CHUNK_MAX_BYTES]
    with pytest.raises(XorbInvalid, match="its header says 1000"):
        read_xorb(header(1, len(bomb), 1000) + bomb)


def test_a_frame_that_is_cut_off_or_followed_by_more_is_refused() -> None:
    packed = lz4.frame.compress(b"abc" * 500)
    for wrong in (packed[:-1], packed + b"\0", packed + packed):
        with pytest.raises(XorbInvalid):
            read_xorb(header(1, len(wrong), 1500) + wrong)
