"""Signed texts: what was signed comes back, and nothing else passes for it."""

import secrets

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souk.infra.keyring import Keyring
from souk.infra.keyring.signed_texts import NotSignedHere, Signed, read_text, sign_text
from souk.infra.postgres.database import Database
from souk_client.proofs.canonical import decode_base64url, encode_base64url

pytestmark = pytest.mark.database

SECRET = secrets.token_hex(32)
PREFIX = b"souk test."


class Note(Signed, frozen=True, kw_only=True):
    text: str


class Other(Signed, frozen=True, kw_only=True):
    number: int


@pytest.fixture
def keyring(database: Database) -> Keyring:
    return Keyring(database, secret=SECRET)


async def test_what_was_signed_is_read_with_the_key_it_names(keyring: Keyring) -> None:
    text = await sign_text(keyring, Note(text="ä/=+"), prefix=PREFIX)
    read = await read_text(keyring, text, Note, prefix=PREFIX)
    assert read.text == "ä/=+"
    assert read.key_id == (await keyring.current("urls")).public.kid


async def test_no_kind_passes_for_another(keyring: Keyring) -> None:
    text = await sign_text(keyring, Note(text="x"), prefix=PREFIX)
    for kind, prefix in ((Note, b""), (Note, b"souk other."), (Other, PREFIX)):
        with pytest.raises(NotSignedHere):
            await read_text(keyring, text, kind, prefix=prefix)


async def test_a_changed_text_is_refused(keyring: Keyring) -> None:
    text = await sign_text(keyring, Note(text="x"))
    payload, _, signature = text.partition(".")
    changed = encode_base64url(decode_base64url(payload, what="text").replace(b'"x"', b'"y"'))
    for forged in (f"{changed}.{signature}", payload, f"{payload}.", f"{payload}.{payload}", ""):
        with pytest.raises(NotSignedHere):
            await read_text(keyring, forged, Note)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=st.binary(max_size=200), signature=st.binary(max_size=80))
async def test_any_bytes_are_refused_in_the_same_way(
    keyring: Keyring, payload: bytes, signature: bytes
) -> None:
    text = f"{encode_base64url(payload)}.{encode_base64url(signature)}"
    with pytest.raises(NotSignedHere):
        await read_text(keyring, text, Note)


async def test_nesting_without_end_is_refused_too(keyring: Keyring) -> None:
    payload = b'{"text":"x","more":' + b"[" * 5000 + b"]" * 5000 + b"}"
    with pytest.raises(NotSignedHere):
        await read_text(keyring, f"{encode_base64url(payload)}.AA", Note)
