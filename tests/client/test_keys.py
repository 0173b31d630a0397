"""Published key sets: whose they are, and which keys count."""

import msgspec
import pytest

from souk_client.proofs import KeySet, ProofError, read_jwks
from tests.client.evidence import ORIGIN, TRUSTED


def published(**more: object) -> bytes:
    members = msgspec.to_builtins(TRUSTED)
    return msgspec.json.encode({"keys": members["keys"], **more})


def test_a_set_says_whose_it_is() -> None:
    assert read_jwks(published(origin=ORIGIN)) == TRUSTED
    assert read_jwks(published(origin=ORIGIN), origin=ORIGIN) == TRUSTED


def test_a_plain_set_takes_the_name_that_the_reader_knows() -> None:
    assert read_jwks(published(), origin=ORIGIN) == TRUSTED
    with pytest.raises(ProofError):
        read_jwks(published())


def test_a_set_of_another_marketplace_is_refused() -> None:
    with pytest.raises(ProofError, match=r"other\.example"):
        read_jwks(published(origin="other.example"), origin=ORIGIN)


def test_keys_of_other_kinds_are_left_out() -> None:
    members = [{"kty": "RSA", "purpose": "log"}, {"kty": "OKP", "crv": "X25519", "purpose": "log"}]
    data = msgspec.json.encode({"origin": ORIGIN, "keys": members})
    assert read_jwks(data) == KeySet(origin=ORIGIN, keys=())
