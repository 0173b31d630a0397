"""Trees of files and folders equal those of the reference importers."""

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from hypothesis import given, settings
from hypothesis import strategies as st

from souk_client.proofs import ProofError
from souk_client.proofs.ipfs import (
    CHUNK_BYTES,
    Cid,
    Dag,
    Entry,
    FileHasher,
    UnixFsKind,
    decode_node,
    directory_dag,
    encode_node,
    file_dag,
    read_unixfs,
)
from souk_client.proofs.ipfs.cids import RAW, node_cid, raw_cid
from souk_client.proofs.ipfs.murmur3 import murmur3_x64_64
from tests.delivery.ipfs.vectors import content, files_of, recorded

RECORDED = recorded()


def file_of(body: bytes) -> tuple[Dag, dict[str, int]]:
    """The tree of a file, and its leaves with their lengths."""
    hasher = FileHasher()
    hasher.update(body)
    chunks = [body[at : at + CHUNK_BYTES] for at in range(0, len(body), CHUNK_BYTES)] or [b""]
    leaves = {str(raw_cid(hashlib.sha256(chunk).digest())): len(chunk) for chunk in chunks}
    return hasher.dag(), leaves


@pytest.mark.parametrize("case", RECORDED["cases"], ids=lambda case: case["name"])
def test_a_folder_has_the_blocks_that_the_importer_made(case: dict[str, Any]) -> None:
    blocks: dict[str, int] = {}
    files = []
    for path, size in files_of(case).items():
        dag, leaves = file_of(content(path, size))
        files.append((path, dag.root))
        blocks |= leaves | {str(node_cid(block)): len(block) for block in dag.blocks}
    made = directory_dag(files)
    blocks |= {str(node_cid(block)): len(block) for block in made.blocks}
    assert str(made.root.cid) == case["root"]
    if "blocks" in case:
        assert blocks == case["blocks"]
    assert len(blocks) == case["block_count"]
    digest = hashlib.sha256("\n".join(sorted(blocks)).encode()).hexdigest()
    assert digest == case["blocks_sha256"]


# kubo `test/cli/cid_profiles_test.go` and js-ipfs-unixfs `ipip-499-profiles.spec.ts` (MIT or
# Apache-2.0): names cut from a ChaCha20 key stream, each file the letter x.
ALPHABET = "abcdefghijklmnopqrstuvwxyz01234567890-_"


def published_names(count: int, length: int, last_length: int) -> list[str]:
    key = hashlib.sha256(b"hamt-unixfs-v1-2025").digest()
    stream = Cipher(ChaCha20(key, bytes(16)), mode=None).encryptor().update(bytes(2**20))
    names, at = [], 0
    for number in range(count):
        taken = last_length if number == count - 1 else length
        letters = stream[at : at + taken]
        names.append("".join(ALPHABET[byte % len(ALPHABET)] for byte in letters))
        at += taken
    return names


@pytest.mark.parametrize(
    ("last_length", "cid"),
    [
        (21, "bafybeic3h7rwruealwxkacabdy45jivq2crwz6bufb5ljwupn36gicplx4"),
        (22, "bafybeiegvuterwurhdtkikfhbxcldohmxp566vpjdofhzmnhv6o4freidu"),
    ],
    ids=["just small enough for one block", "one byte more is sharded"],
)
def test_the_edge_of_a_folder(last_length: int, cid: str) -> None:
    entry = Entry(raw_cid(hashlib.sha256(b"x").digest()), dag_bytes=1, file_bytes=1)
    made = directory_dag((name, entry) for name in published_names(4766, 11, last_length))
    assert str(made.root.cid) == cid


def test_murmur3_as_its_author_published_it() -> None:
    assert murmur3_x64_64(b"") == 0
    assert murmur3_x64_64(b"hello") == 0xCBD8A7B341BD9B02
    assert murmur3_x64_64(b"hello, world") == 0x342FAC623A5EBC8E
    text = b"The quick brown fox jumps over the lazy dog."
    assert murmur3_x64_64(text) == 0xCD99481F9EE902C9


@settings(deadline=None, max_examples=30)
@given(st.integers(min_value=1, max_value=2500), st.integers(min_value=1, max_value=CHUNK_BYTES))
def test_every_node_of_a_file_tells_what_is_below_it(chunks: int, last_bytes: int) -> None:
    digests = [hashlib.sha256(b"%d" % number).digest() for number in range(chunks)]
    size = (chunks - 1) * CHUNK_BYTES + last_bytes
    dag = file_dag(digests, size)
    blocks = {node_cid(block): block for block in dag.blocks}
    found: list[bytes] = []

    def walk(cid: Cid) -> int:
        """Follows the links; answers how much of the file is below."""
        if cid.codec == RAW:
            found.append(cid.digest)
            return last_bytes if len(found) == chunks else CHUNK_BYTES
        node = decode_node(blocks[cid])
        data = read_unixfs(node)
        assert data.kind == UnixFsKind.FILE and 2 <= len(node.links) <= 1024
        assert [walk(link.cid) for link in node.links] == list(data.block_sizes)
        assert data.file_bytes is not None
        return data.file_bytes

    assert walk(dag.root.cid) == size == dag.root.file_bytes
    assert found == digests
    assert dag.root.dag_bytes == size + sum(map(len, dag.blocks))


segment = st.text("abcä.-_ ", min_size=1, max_size=4)


@settings(deadline=None, max_examples=30)
@given(st.sets(st.lists(segment, min_size=1, max_size=4).map("/".join), min_size=1, max_size=40))
def test_every_path_is_found_in_its_folder(paths: set[str]) -> None:
    files = {
        path: Entry(raw_cid(hashlib.sha256(path.encode()).digest()), dag_bytes=3, file_bytes=3)
        for path in paths
        if not any(other.startswith(path + "/") for other in paths)
    }
    dag = directory_dag(files.items())
    assert dag.root == directory_dag(sorted(files.items(), reverse=True)).root
    blocks = {node_cid(block): block for block in dag.blocks}
    assert all(encode_node(decode_node(block)) == block for block in dag.blocks)
    for path, entry in files.items():
        cid = dag.root.cid
        for part in path.split("/"):
            links = {link.name: link.cid for link in decode_node(blocks[cid]).links}
            assert list(links) == sorted(links, key=str.encode)
            cid = links[part]
        assert cid == entry.cid


def test_paths_that_make_no_tree_are_refused() -> None:
    one = Entry(raw_cid(bytes(32)), dag_bytes=1)
    two = Entry(raw_cid(bytes(32)), dag_bytes=1)
    for paths in (["a", "a/b"], ["a/b", "a"], ["a", "a"], ["x/" * 300 + "x"]):
        with pytest.raises(ProofError):
            directory_dag(zip(paths, [one, two], strict=False))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.binary(max_size=3 * 2**10), max_size=8))
def test_pieces_of_any_length_make_the_same_file(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    hasher, at_once = FileHasher(), FileHasher()
    for piece in pieces:
        hasher.update(piece)
    at_once.update(whole)
    assert hasher.dag().root == at_once.dag().root
    assert hasher.sha256 == hashlib.sha256(whole).hexdigest()
