"""Hashes beside published values, and beside what hf_xet makes of the same bytes."""

import random
from pathlib import Path

import hf_xet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souk.delivery.xet import hashes
from souk.delivery.xet.chunking import CHUNK_MAX_BYTES, CHUNK_MIN_BYTES, cut
from souk.delivery.xet.viewing import Cutter

CALM = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
"""Nothing here depends on how busy the machine is."""

# The reference values of xet-core's test of aggregated hashes: chunks, xorb hash, file hash.
NODES = [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "cfc5d07f6f03c29bbf424132963fe08d19a37d5757aaf520bf08119f05cd56d6",
    "c3e67584b5c4fc2a89837ec39e40f2c8a6bb0b2987ac94cd4b31e5fbdd210a72",
    "0d2beb91b9196929a5ddec9f6e306924ddf4a24268e3e59fd8464738d525af37",
    "adf8773496a9b7319b2e50dc98093f344053b17d8ad37100b9c07d9805988784",
    "4ac202caf347fc1e9c874b1ef6a1c5e619141eb775a6f43f0f0124ccd0060d9e",
    "b3b28636f65c149ea52eb1f94669466f70f033b54cea792824c696ba6ef3c389",
    "0e2c1a002aae913d2c0fc8ddfa4e9e14b7b311b3b0d458726d5d9f6a6318013c",
]
TREES = [
    ([], "0" * 64, "0" * 64),
    (
        [1],
        "cfc5d07f6f03c29bbf424132963fe08d19a37d5757aaf520bf08119f05cd56d6",
        "8e16257caa3fe079d484d872a8975264b2ff683b0d6db9028cc7c0f968a45661",
    ),
    (
        [number % 8 for number in range(64)],
        "6554007c9b5d0a5e7918f79596a1b68815c1407535585435f5735db761f21b88",
        "a8640ab81d48854e00078e12b1ea8be5d90be0ffb5f73a15b7009981d093ddd8",
    ),
    (
        [1] * 32,
        "0a0123c1617921883b7e13902095fcb86676e77c49120c33b233003b0af0e0a6",
        "53af4711fd1d5e5bdc7f931b6be932314d8d673cb16ad2482f6f5222eaf9e63d",
    ),
    (
        [*range(8), 1, 1, 1, 1],
        "e7fc30b73ec9930593f80fe777b334e9d3bb73e45e6a79fa5784b2603446158b",
        "69e1af2fd6023ce133e0d1b90e32d1d42ef79f5a710f2b0accfc3a735e98de9d",
    ),
    (
        [number // 2 for number in range(16)],
        "636c65db520ec16e8166f9ec7a0cf9f74b26369077ac60160ec0221c86bc9f77",
        "6a90ad0d6f5246ac61f1de898c6944c03e14004a1368e6fb23387108c4d039e0",
    ),
]
# Where xet-core cuts a million bytes of splitmix64 from 0, and a million times 59.
RANDOM_CUTS = [
    *(84493, 134421, 144853, 243318, 271793, 336457, 467529, 494581, 582000, 596735, 616815),
    *(653164, 678202, 724510, 815591, 827760, 958832, 991092, 1000000),
]
CONSTANT_CUTS = [131072, 262144, 393216, 524288, 655360, 786432, 917504, 1000000]


def splitmix(length: int) -> bytes:
    """Published pseudo-random bytes."""
    mask, state, out = 2**64 - 1, 0, bytearray()
    while len(out) < length:
        state = state + 0x9E3779B97F4A7C15 & mask
        value = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & mask
        value = (value ^ value >> 27) * 0x94D049BB133111EB & mask
        out += (value ^ value >> 31).to_bytes(8, "little")
    return bytes(out[:length])


def leaves_of(content: bytes) -> list[hashes.Leaf]:
    leaves, start = [], 0
    for end in cut(content):
        leaves.append((hashes.chunk_hash(content[start:end]), end - start))
        start = end
    return leaves


@pytest.mark.parametrize(("nodes", "xorb", "file"), TREES)
def test_trees_have_the_published_roots(nodes: list[int], xorb: str, file: str) -> None:
    leaves = [(hashes.from_text(NODES[node]), node * 100) for node in nodes]
    assert hashes.to_text(hashes.xorb_hash(leaves)) == xorb
    assert hashes.to_text(hashes.file_hash(leaves)) == file


def test_chunks_end_where_the_published_ones_do() -> None:
    assert list(cut(splitmix(1_000_000))) == RANDOM_CUTS
    assert list(cut(bytes([59]) * 1_000_000)) == CONSTANT_CUTS


def test_the_client_makes_the_same_hashes(tmp_path: Path) -> None:
    rng = random.Random(3)
    sizes = [0, 1, 63, 64, 8191, 8192, 8193, 65536, 131071, 131072, 131073, 400_000, 2_500_000]
    contents = [rng.randbytes(size) for size in sizes]
    contents += [bytes(500_000), rng.randbytes(50_000) * 30, b"0123456789abcdef" * 40_000]
    contents += [b"".join(b"%d;%d\n" % (n, n * n) for n in range(80_000))]
    paths = [tmp_path / str(number) for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    said = hf_xet.hash_files([str(path) for path in paths])
    ours = [hashes.to_text(hashes.file_hash(leaves_of(content))) for content in contents]
    assert ours == [item.hash for item in said]


@CALM
@given(
    seed=st.integers(0, 2**32),
    length=st.integers(0, 600_000),
    even=st.booleans(),
    pieces=st.lists(st.integers(1, 300_000), max_size=6),
)
def test_cutting_does_not_depend_on_how_bytes_come_by(
    seed: int, length: int, even: bool, pieces: list[int]
) -> None:
    content = random.Random(seed).randbytes(length)
    if even:  # long stretches without any boundary
        content = content[: length // 2] + bytes(length - length // 2)
    cutter = Cutter()
    at = 0
    for piece in pieces:
        cutter.take(content[at : at + piece])
        at += piece
    cutter.take(content[at:], last=True)
    assert cutter.leaves == leaves_of(content)
    sizes = [size for _, size in cutter.leaves]
    assert sum(sizes) == length
    assert all(size <= CHUNK_MAX_BYTES for size in sizes)
    assert all(size >= CHUNK_MIN_BYTES for size in sizes[:-1])


@CALM
@given(st.binary(min_size=32, max_size=32))
def test_a_hash_survives_its_text(value: bytes) -> None:
    assert hashes.from_text(hashes.to_text(value)) == value


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "é" * 64, " " * 64])
def test_what_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a hash"):
        hashes.from_text(text)
