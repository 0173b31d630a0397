"""Shards: what a client writes is read, and nothing past the end of it."""

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souk.delivery.xet.errors import ShardInvalid
from souk.delivery.xet.shards import ShardXorb, read_shard, write_shard
from tests.delivery.xet.shard_writing import END, file_record, header, shard

CALM = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
"""Nothing here depends on how busy the machine is."""

hashes = st.binary(min_size=32, max_size=32).filter(lambda value: value != b"\xff" * 32)
xorbs = st.lists(
    st.builds(
        ShardXorb,
        hashes,
        st.lists(st.tuples(hashes, st.integers(1, 2**17)), min_size=1, max_size=5),
        st.integers(0, 2**26),
    ),
    max_size=4,
)


@CALM
@given(xorbs, st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read(listed: list[ShardXorb], key: bytes) -> None:
    content = write_shard(listed, key=key, made_at=1, expires_at=2)
    assert read_shard(content).xorbs == listed
    assert read_shard(content).files == []
    assert content[-200 + 72 : -200 + 104] == key
    assert struct.unpack("<QQ", content[-200 + 104 : -200 + 120]) == (1, 2)
    assert struct.unpack("<Q", content[-8:])[0] == len(content) - 200


@CALM
@given(xorbs, st.integers(0, 10_000))
def test_a_shard_that_is_cut_off_is_refused(listed: list[ShardXorb], length: int) -> None:
    whole = write_shard(listed)[:-200]
    if length < len(whole):
        with pytest.raises(ShardInvalid):
            read_shard(whole[:length])


@CALM
@given(st.binary(max_size=500))
def test_noise_is_refused_in_words(noise: bytes) -> None:
    for content in (noise, header() + noise):
        try:
            read_shard(content)
        except ShardInvalid as error:
            assert error.status == 400


def test_counts_that_lie_cost_nothing() -> None:
    boast = file_record(bytes(32), flags=0, count=2**32 - 1)
    with pytest.raises(ShardInvalid, match="4294967295 records follow"):
        read_shard(header() + boast + END + END)
    with pytest.raises(ShardInvalid, match="records follow"):
        read_shard(header() + END + struct.pack("<32s4I", bytes(32), 0, 2**31, 0, 0) + END)


def test_a_file_is_read_with_all_its_parts() -> None:
    (file,) = read_shard(
        shard(b"\1" * 32, [(b"\2" * 32, 100, 0, 2), (b"\2" * 32, 50, 4, 5)], sha256=b"\3" * 32)
    ).files
    assert file.hash == b"\1" * 32
    assert [(term.size_bytes, term.start, term.end) for term in file.terms] == [
        (100, 0, 2),
        (50, 4, 5),
    ]
    assert len(file.term_hashes) == 2
    assert file.sha256 == "03" * 32


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "shorter than"),
        (b"x" * 48 + END + END, "does not begin"),
        (header(version=3) + END + END, "version 3"),
        (header() + END, "should be"),
    ],
)
def test_what_is_no_shard_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(ShardInvalid, match=why):
        read_shard(content)
