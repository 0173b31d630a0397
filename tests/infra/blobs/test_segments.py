"""The form of encrypted blobs: whatever is changed, cut, moved or swapped does not open."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souk.infra.blobs.sealing import read_segment, seal_file
from souk.infra.blobs.segments import (
    HEADER_BYTES,
    SEALED_BYTES,
    SEGMENT_BYTES,
    BlobDamaged,
    SegmentCipher,
    header_of,
    key_id_in,
    plain_size,
    segments_of,
    stored_size,
)
from souk.infra.keyring.data_keys import DataKey

KEY = DataKey(b"k" * 16, b"s" * 32)
OTHER = DataKey(b"o" * 16, b"t" * 32)
SIZE = 2 * SEGMENT_BYTES + 5
PLAIN = [bytes([n]) * min(SEGMENT_BYTES, SIZE - n * SEGMENT_BYTES) for n in range(3)]


def cipher(key: DataKey = KEY, *, name: str = "a", size_bytes: int = SIZE) -> SegmentCipher:
    return SegmentCipher(key, name=name, size_bytes=size_bytes)


@given(st.integers(0, 2**44))
def test_a_blobs_length_says_how_much_it_holds(size_bytes: int) -> None:
    assert plain_size(stored_size(size_bytes), name="a") == size_bytes


@given(st.integers(0, 4 * SEALED_BYTES))
def test_lengths_that_no_blob_has_are_refused(stored_bytes: int) -> None:
    try:
        size_bytes = plain_size(stored_bytes, name="a")
    except BlobDamaged:
        return
    assert stored_size(size_bytes) == stored_bytes


def test_the_same_bytes_are_never_encrypted_alike() -> None:
    assert cipher().seal(0, [PLAIN[0]]) != cipher().seal(0, [PLAIN[0]])
    assert cipher().open(0, cipher().seal(0, [PLAIN[0][:7], PLAIN[0][7:]])) == PLAIN[0]


@settings(max_examples=60)
@given(st.integers(0, SIZE - 2 * SEGMENT_BYTES + 27), st.integers(1, 255))
def test_no_byte_of_a_segment_may_change(at: int, by: int) -> None:
    sealed = bytearray(cipher().seal(2, [PLAIN[2]]))
    sealed[at] ^= by
    with pytest.raises(BlobDamaged):
        cipher().open(2, bytes(sealed))


@pytest.mark.parametrize(
    ("opening", "number"),
    [
        (cipher(OTHER), 0),
        (cipher(DataKey(OTHER.id, KEY.secret)), 0),
        (cipher(name="b"), 0),
        (cipher(size_bytes=SIZE + 1), 0),
        (cipher(size_bytes=SEGMENT_BYTES), 0),
        (cipher(), 1),
    ],
    ids=["wrong key", "wrong key's name", "another blob", "extended", "cut to one", "moved"],
)
def test_a_segment_opens_only_where_it_belongs(opening: SegmentCipher, number: int) -> None:
    sealed = cipher().seal(0, [PLAIN[0]])
    assert cipher().open(0, sealed) == PLAIN[0]
    with pytest.raises(BlobDamaged):
        opening.open(number, sealed)


def test_a_segment_too_short_for_a_tag_is_damaged() -> None:
    for sealed in (b"", b"short", bytes(27)):
        with pytest.raises(BlobDamaged):
            cipher().open(0, sealed)


def test_a_header_names_its_key_and_nothing_else_passes_for_one() -> None:
    assert key_id_in(header_of(KEY.id), name="a") == KEY.id
    for header in (b"", header_of(KEY.id)[:-1], b"x" * HEADER_BYTES):
        with pytest.raises(BlobDamaged):
            key_id_in(header, name="a")


@pytest.mark.parametrize("size_bytes", [0, 1, SEGMENT_BYTES, SEGMENT_BYTES + 1])
def test_files_of_every_length_are_sealed_whole(tmp_path: Path, size_bytes: int) -> None:
    content = os.urandom(size_bytes)
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.write_bytes(content)

    seal_file(plain, sealed, KEY, name="a")

    assert sealed.stat().st_size == stored_size(size_bytes)
    assert sealed.stat().st_mode & 0o777 == 0o600
    opening = cipher(size_bytes=size_bytes)
    with sealed.open("rb") as file:
        opened = [read_segment(file.fileno(), opening, n) for n in range(segments_of(size_bytes))]
    assert b"".join(opened) == content
