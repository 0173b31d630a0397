"""CIDs in their texts and bytes, beside the library `multiformats` as a second opinion."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multiformats import CID

from souk_client.proofs import ProofError
from souk_client.proofs.ipfs import DAG_PB, RAW, Cid, parse_cid, read_cid
from souk_client.proofs.ipfs.cids import IDENTITY

digests = st.binary(min_size=32, max_size=32)


@settings(deadline=None, max_examples=60)
@given(digests, st.sampled_from([RAW, DAG_PB]))
def test_texts_are_those_of_the_library_in_every_base(digest: bytes, codec: int) -> None:
    cid = Cid(codec, digest)
    other = CID("base32", 1, codec, ("sha2-256", digest))
    assert str(cid) == str(other)
    assert cid.binary == bytes(other)
    for base in ("base32", "base32upper", "base58btc", "base36", "base16", "base64url"):
        assert parse_cid(other.encode(base)) == cid


@settings(deadline=None, max_examples=60)
@given(digests)
def test_version_0_is_dag_pb_without_saying_so(digest: bytes) -> None:
    cid = Cid(DAG_PB, digest, version=0)
    other = CID("base58btc", 0, "dag-pb", ("sha2-256", digest))
    assert str(cid) == str(other)
    assert parse_cid(str(other)) == cid
    assert read_cid(cid.binary, 0) == (cid, 34)


def test_an_identity_cid_holds_its_block() -> None:
    assert parse_cid("bafkqaaa") == Cid(RAW, b"", IDENTITY)
    assert parse_cid("bafkqabtimvwgy3yk").digest == b"hello\n"
    assert parse_cid("bafkqabtimvwgy3yk").names(b"hello\n")
    assert Cid(RAW, hashlib.sha256(b"x").digest()).names(b"x")
    assert not Cid(RAW, hashlib.sha256(b"x").digest()).names(b"y")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        "bafkqaa",
        "Qm" + "0" * 44,
        "Qm" + "1" * 44,
        "hello world",
        "zQmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD",
        "bafkrgqbqt3gerhas23vuzrapkdeqf4vu2dwxp3srdj6hvg6nhsug2tgyn6mj3u23yx7utftq3i2ckw2fwdh5qmhid5qf3t35yvkc5e5ottlw6",
        "bafyreiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "bäfkqaaa",
        "b" * 300,
        "k51qzi5uqu5dgutdk6i1ynyzgkqngpha5xpgia3a5qqp4jsh0u4csozksxel2r",
        "f0155122",
        "BAFKQAAa",
    ],
)
def test_what_is_no_cid_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ProofError):
        parse_cid(text)


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=80))
def test_no_text_does_anything_else_than_being_read_or_refused(text: str) -> None:
    try:
        cid = parse_cid(text)
    except ProofError:
        return
    assert parse_cid(str(cid)) == cid


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=60))
def test_no_bytes_do_either(content: bytes) -> None:
    try:
        cid, end = read_cid(content, 0)
    except ProofError:
        return
    assert cid.binary == content[:end]
