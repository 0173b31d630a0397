"""CIDs equal those of the reference importers, by the published vectors of profile unixfs-v1-2025.

Vectors: kubo `test/cli/cid_profiles_test.go` and js-ipfs-unixfs `ipip-499-profiles.spec.ts` (MIT or
Apache-2.0). Their content is a ChaCha20 key stream whose key is the sha256 of a seed.
"""

import hashlib
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from multiformats import CID

from souk.works.artifacts.cid import CHUNK_BYTES, cid_of, cid_of_chunks


def seeded(seed: str, size_bytes: int) -> Iterator[bytes]:
    cipher = Cipher(ChaCha20(hashlib.sha256(seed.encode()).digest(), bytes(16)), mode=None)
    stream = cipher.encryptor()
    for at in range(0, size_bytes, CHUNK_BYTES):
        yield stream.update(bytes(min(CHUNK_BYTES, size_bytes - at)))


def cid_of_seed(seed: str, size_bytes: int) -> str:
    digests = [hashlib.sha256(chunk).digest() for chunk in seeded(seed, size_bytes)]
    return cid_of_chunks(digests, size_bytes)


@pytest.mark.parametrize(
    ("content", "cid"),
    [
        (b"hello world", "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
        (b"", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
    ],
)
def test_small_files_are_one_raw_leaf(content: bytes, cid: str) -> None:
    assert cid_of(content) == cid
    assert CID.decode(cid).codec.name == "raw"


@pytest.mark.parametrize(
    ("size_bytes", "cid"),
    [
        (1_048_576, "bafkreiacndfy443ter6qr2tmbbdhadvxxheowwf75s6zehscklu6ezxmta"),
        (1_048_577, "bafybeigmix7t42i6jacydtquhet7srwvgpizfg7gjbq7627d35mjomtu64"),
    ],
)
def test_the_edge_of_a_chunk(size_bytes: int, cid: str) -> None:
    assert cid_of_seed("chunk-v1-seed", size_bytes) == cid
    assert cid_of(b"".join(seeded("chunk-v1-seed", size_bytes))) == cid


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size_bytes", "cid"),
    [
        (2**30, "bafybeihmf37wcuvtx4hpu7he5zl5qaf2ineo2lqlfrapokkm5zzw7zyhvm"),
        (2**30 + 1, "bafybeibdsi225ugbkmpbdohnxioyab6jsqrmkts3twhpvfnzp77xtzpyhe"),
    ],
)
def test_the_edge_of_a_node(size_bytes: int, cid: str) -> None:
    assert cid_of_seed("v1-2025-seed", size_bytes) == cid
