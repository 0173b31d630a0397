"""Signed heads of the log, against the published vectors of the signed-note format."""

import base64
import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from souk_client import proofs
from souk_client.proofs import Checkpoint, KeySet, ProofError, PublicKey, SigningKey
from tests.client.evidence import LICENCE_KEY, LOG_KEY, ORIGIN, TRUSTED

# From golang.org/x/mod/sumdb/note: a signer, its verifier key, and a note it signed.
GO_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
GO_VERIFIER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    b"If you think cryptography is the answer to your problem,\n"
    b"then you don't know what your problem is.\n"
)
GO_SIGNATURE = base64.b64decode(
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)

HEAD = Checkpoint(origin=ORIGIN, tree_size=20_852_163, root=bytes(range(32)), signed_at_s=1_795_262)


def test_the_key_is_named_as_other_tools_name_it() -> None:
    key = SigningKey.from_seed(GO_SEED, purpose=proofs.LOG)
    assert proofs.verifier_key("PeterNeumann", key.public) == GO_VERIFIER_KEY


def test_the_signature_is_the_one_other_tools_make() -> None:
    key = SigningKey.from_seed(GO_SEED, purpose=proofs.LOG)
    assert key.sign(GO_TEXT) == GO_SIGNATURE[4:]
    assert GO_SIGNATURE[:4].hex() == GO_VERIFIER_KEY.split("+")[1]


def test_a_signed_head_has_the_shape_of_the_standard() -> None:
    note = proofs.sign_checkpoint(HEAD, LOG_KEY)
    text, _, signatures = note.partition("\n\n")
    assert text == f"{ORIGIN}\n20852163\n{base64.b64encode(HEAD.root).decode()}"
    lines = signatures.splitlines()
    assert [line.split(" ")[:2] for line in lines] == [["—", ORIGIN]] * 2
    assert note.endswith("\n")


def test_both_lines_check_as_the_standards_say() -> None:
    note = proofs.sign_checkpoint(HEAD, LOG_KEY)
    public = Ed25519PublicKey.from_public_bytes(LOG_KEY.public.raw())
    text = note.split("\n\n")[0] + "\n"
    plain, timed = (base64.b64decode(line.split(" ")[2]) for line in note.splitlines()[4:])
    public.verify(plain[4:], text.encode())
    assert int.from_bytes(timed[4:12], "big") == HEAD.signed_at_s
    public.verify(timed[12:], f"cosignature/v1\ntime {HEAD.signed_at_s}\n{text}".encode())


@given(
    tree_size=st.integers(0, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
    signed_at_s=st.integers(0, 2**63 - 1),
)
def test_what_was_signed_is_what_is_read(tree_size: int, root: bytes, signed_at_s: int) -> None:
    head = Checkpoint(origin=ORIGIN, tree_size=tree_size, root=root, signed_at_s=signed_at_s)
    note = proofs.sign_checkpoint(head, LOG_KEY)
    assert proofs.verify_checkpoint(note, TRUSTED) == head
    assert proofs.signers(note, TRUSTED) == (LOG_KEY.public,)


@given(bit=st.integers(min_value=0))
def test_any_flipped_bit_is_refused(bit: int) -> None:
    note = bytearray(proofs.sign_checkpoint(HEAD, LOG_KEY).encode())
    bit %= len(note) * 8
    note[bit // 8] ^= 1 << bit % 8
    with pytest.raises((ProofError, UnicodeDecodeError)):
        proofs.verify_checkpoint(note.decode(), TRUSTED)


def test_lines_of_witnesses_are_passed_over() -> None:
    note = proofs.sign_checkpoint(HEAD, LOG_KEY)
    witness = f"— witness.example {base64.b64encode(b'w' * 76).decode()}\n"
    assert proofs.verify_checkpoint(note + witness, TRUSTED) == HEAD


def test_a_head_signed_by_the_old_and_the_new_key_is_good() -> None:
    other = SigningKey.from_seed(b"N" * 32, purpose=proofs.LOG)
    lines = proofs.sign_checkpoint(HEAD, other).split("\n\n")[1]
    assert proofs.verify_checkpoint(proofs.sign_checkpoint(HEAD, LOG_KEY) + lines, TRUSTED) == HEAD


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        ("", "not a signed note"),
        ("no signatures\n1\nAAAA\n", "not a signed note"),
        ("souk.example/log\n1\n\n", "not a signed note"),
        ("a\r\n\n— b c\n", "control characters"),
        ("x" * 20_000, "too long"),
        ("two\nlines\n\n— a AAAAAAAA\n", "three lines"),
        ("a\n01\nAAAA\n\n— a AAAAAAAA\n", "not a number"),
        ("a\n²\nAAAA\n\n— a AAAAAAAA\n", "not a number"),
        (f"{ORIGIN}\n1\nAAA?\n\n— a AAAAAAAA\n", "not base64"),
        (f"{ORIGIN}\n1\nAAAA\n\n- a AAAAAAAA\n", "malformed"),
        (f"{ORIGIN}\n1\nAAAA\n\n— a AAAA\n", "too short"),
        (f"{ORIGIN}\n1\nAAAA\n\n— a AAAAAAAA\n", "No trusted key"),
    ],
)
def test_malformed_notes_are_refused_with_the_reason(note: str, reason: str) -> None:
    with pytest.raises(ProofError, match=re.escape(reason)):
        proofs.verify_checkpoint(note, TRUSTED)


def test_other_logs_keys_and_purposes_are_refused() -> None:
    elsewhere = Checkpoint(origin="other.example", tree_size=1, root=b"r" * 32, signed_at_s=1)
    with pytest.raises(ProofError, match=r"of the log other\.example"):
        proofs.verify_checkpoint(proofs.sign_checkpoint(elsewhere, LOG_KEY), TRUSTED)
    with pytest.raises(ProofError, match="No trusted key"):
        proofs.verify_checkpoint(proofs.sign_checkpoint(HEAD, LICENCE_KEY), TRUSTED)


def test_a_head_without_its_timed_line_is_refused() -> None:
    note = proofs.sign_checkpoint(HEAD, LOG_KEY)
    cut = "\n".join(note.split("\n")[:-2]) + "\n"
    with pytest.raises(ProofError, match="lacks a signature line"):
        proofs.verify_checkpoint(cut, TRUSTED)


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "a\nb", "cosignature/v1", "a\u00a0b"])
def test_an_origin_that_could_forge_another_note_cannot_be_signed(origin: str) -> None:
    head = Checkpoint(origin=origin, tree_size=1, root=b"r" * 32, signed_at_s=1)
    with pytest.raises(ProofError):
        proofs.sign_checkpoint(head, LOG_KEY)


def test_numbers_out_of_range_cannot_be_signed() -> None:
    for tree_size, root in ((-1, b"r" * 32), (2**63, b"r" * 32), (1, b"short")):
        head = Checkpoint(origin=ORIGIN, tree_size=tree_size, root=root, signed_at_s=1)
        with pytest.raises(ProofError):
            proofs.sign_checkpoint(head, LOG_KEY)


def test_a_published_key_set_is_read_and_others_are_left_out() -> None:
    import msgspec

    jwks = {
        "keys": [
            *msgspec.to_builtins(TRUSTED.keys),
            {"kty": "RSA", "n": "AQ", "e": "AQAB", "purpose": "token"},
            {"kty": "OKP", "crv": "Ed25519", "x": "without-a-purpose"},
        ]
    }
    assert proofs.read_jwks(msgspec.json.encode(jwks), origin=ORIGIN) == TRUSTED


def test_a_key_under_another_keys_name_is_refused() -> None:
    import msgspec

    stolen = PublicKey(purpose="log", kid=LOG_KEY.public.kid, x=LICENCE_KEY.public.x)
    with pytest.raises(ProofError, match="does not belong"):
        proofs.read_jwks(msgspec.json.encode({"keys": [stolen]}), origin=ORIGIN)
    with pytest.raises(ProofError, match="cannot be read"):
        proofs.read_jwks(b"[]", origin=ORIGIN)


def test_the_thumbprint_is_the_one_of_rfc_8037() -> None:
    key = PublicKey.of(
        bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
        purpose="token",
    )
    assert key.x == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_keys_can_be_added_to_a_pinned_set_but_not_replaced() -> None:
    fresh = SigningKey.from_seed(b"N" * 32, purpose=proofs.LOG).public
    renamed = PublicKey(purpose="token", kid=LOG_KEY.public.kid, x=LOG_KEY.public.x)
    merged = TRUSTED.merged([fresh, renamed])
    assert merged == KeySet(origin=ORIGIN, keys=(*TRUSTED.keys, fresh))
