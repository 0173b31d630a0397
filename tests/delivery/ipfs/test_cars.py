"""CAR files of other tools are read, ours are written alike, and broken ones are refused."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souk_client.proofs import ProofError
from souk_client.proofs.ipfs import CarReader, Cid, car_frame, car_header, decode_node, read_unixfs
from souk_client.proofs.ipfs.cids import raw_cid
from souk_client.proofs.ipfs.varint import encode_varint, read_varint
from tests.delivery.ipfs.vectors import car_of, recorded

CARS = recorded()["cars"]


def blocks_of(content: bytes, *, step: int = 1000) -> tuple[CarReader, list[tuple[Cid, bytes]]]:
    """A whole CAR file, read in pieces."""
    reader = CarReader()
    found = []
    for at in range(0, len(content), step):
        found += reader.feed(content[at : at + step])
    reader.finish()
    return reader, found


@pytest.mark.parametrize("case", CARS, ids=lambda case: case["name"])
def test_files_of_the_reference_tool_are_read_and_written_alike(case: dict[str, Any]) -> None:
    content = car_of(case)
    reader, found = blocks_of(content)
    assert [str(root) for root in reader.roots] == [case["root"]]
    assert len(found) == case["blocks"]
    written = car_header(reader.roots)
    for cid, block in found:
        written += car_frame(cid, len(block)) + block
    assert written == content


@settings(deadline=None, max_examples=60)
@given(st.integers(min_value=1, max_value=5000))
def test_pieces_of_any_length_give_the_same_blocks(step: int) -> None:
    content = car_of(CARS[0])
    assert blocks_of(content, step=step)[1] == blocks_of(content)[1]


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_changed_or_missing_byte_never_gives_a_wrong_block(data: st.DataObject) -> None:
    content = car_of(CARS[-1])
    good = blocks_of(content)[1]
    at = data.draw(st.integers(min_value=0, max_value=len(content) - 1))
    changed = bytearray(content)
    changed[at] ^= data.draw(st.integers(min_value=1, max_value=255))
    for broken in (bytes(changed), content[:at]):
        try:
            reader, found = blocks_of(broken)
        except ProofError:
            continue
        assert all(cid.names(block) for cid, block in found)
        assert found == good[: len(found)] or reader.roots != blocks_of(content)[0].roots


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"\xff" * 12,
        encode_varint(5000) + b"x",
        encode_varint(3) + b"abc",
        b"\x0a\xa1gversion\x02",
        car_header([]) + encode_varint(2**22) + b"x",
        car_header([]) + b"\x05\x01\x55\x12\x20",
        car_header([raw_cid(bytes(32))] * 17),
        car_header([]) + encode_varint(40) + raw_cid(bytes(32)).binary + b"else",
    ],
)
def test_what_is_no_car_file_is_refused(content: bytes) -> None:
    with pytest.raises(ProofError):
        blocks_of(content)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300))
def test_no_bytes_do_anything_else_than_being_read_or_refused(content: bytes) -> None:
    for read in (blocks_of, lambda block: read_unixfs(decode_node(block))):
        try:
            read(content)
        except ProofError:
            continue


@settings(deadline=None, max_examples=60)
@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_numbers_come_back(value: int) -> None:
    assert read_varint(encode_varint(value), 0, what="test") == (value, len(encode_varint(value)))


def test_numbers_have_one_form_only() -> None:
    for wrong in (b"", b"\x80", b"\x80\x00", b"\xff" * 10, b"\xff" * 9 + b"\x02"):
        with pytest.raises(ProofError):
            read_varint(wrong, 0, what="test")
