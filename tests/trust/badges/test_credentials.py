"""Credentials of verified sellers, checked as a stranger would: the documents, OpenSSL, joserfc."""

import base64
import gzip
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey

from souk.trust.badges.credential_model import LIST_BITS, encoded_list
from souk_client.sdk import Souk
from tests.market import organisation_of, publish, refused, sign_up, slug_of
from tests.serving import Marketplace
from tests.trust.badges.conftest import admin_of

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # the field's name still
ED25519_DER = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of a key in SubjectPublicKeyInfo (RFC 8410)."""


def unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def resolve(market: Marketplace, did: str) -> Any:
    """The document of a did:web, found as the method says; the tests' host speaks plain HTTP."""
    host, *path = did.removeprefix("did:web:").split(":")
    host = host.replace("%3A", ":")
    assert f"http://{host}" == market.base_url
    place = "/".join(path) if path else ".well-known"
    answer = httpx.get(f"http://{host}/{place}/did.json")
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    document = answer.json()
    assert document["id"] == did
    return document


def key_of(market: Marketplace, token: str) -> bytes:
    """The issuer's Ed25519 key that a token names, by its DID document."""
    header = json.loads(unbase64(token.partition(".")[0]))
    did = header["kid"].split("#")[0]
    document = resolve(market, did)
    assert header["kid"] in document["assertionMethod"]
    method = next(one for one in document["verificationMethod"] if one["id"] == header["kid"])
    return unbase64(method["publicKeyJwk"]["x"])


def checked(market: Marketplace, token: str) -> Any:
    """What a token says, its signature checked by a library that is not ours."""
    raw = key_of(market, token)
    x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
    found = jws.deserialize_compact(token, key, algorithms=["EdDSA"])
    assert found.headers()["typ"] == "vc+jwt"
    return json.loads(found.payload)


def is_revoked(market: Marketplace, status: dict[str, str]) -> bool:
    """What a stranger reads in the list that a credential names."""
    answer = httpx.get(status["statusListCredential"])
    assert answer.headers["content-type"].startswith("application/vc+jwt")
    listed = checked(market, answer.text)
    assert listed["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    assert listed["credentialSubject"]["statusPurpose"] == status["statusPurpose"]
    bits = gzip.decompress(unbase64(listed["credentialSubject"]["encodedList"][1:]))
    assert len(bits) * 8 >= LIST_BITS
    index = int(status["statusListIndex"])
    return bool(bits[index // 8] & 0x80 >> index % 8)


@pytest.fixture
def seller(lenient: Marketplace) -> Souk:
    """A seller whom the operator has checked."""
    client = sign_up(lenient.base_url)
    publish(client)
    slug = slug_of(client)
    client.storefronts.ask_identity(slug, evidence="Register entry HRB 1815, Berlin")
    admin_of(lenient).storefronts.decide_identity(slug, passed=True, note="Register entry read")
    return client


def test_a_stranger_can_check_a_verified_author(
    seller: Souk, lenient: Marketplace, tmp_path: Path
) -> None:
    slug = slug_of(seller)
    issued = seller.storefronts.issue_credential(slug)
    stranger = Souk(lenient.base_url)
    with stranger:
        assert stranger.storefronts.credential(slug) == issued
    said = checked(lenient, issued.token)
    assert said["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert said["type"] == ["VerifiableCredential", "VerifiedAuthorCredential"]
    assert said["issuer"] == issued.issuer
    subject = said["credentialSubject"]
    assert subject["id"] == issued.subject
    assert {"website", "identity"} & {one["kind"] for one in subject["check"]}
    assert resolve(lenient, subject["id"])["service"][0]["serviceEndpoint"] == subject["storefront"]
    assert not is_revoked(lenient, said["credentialStatus"])

    signed, _, signature = issued.token.rpartition(".")
    (tmp_path / "key.der").write_bytes(ED25519_DER + key_of(lenient, issued.token))
    (tmp_path / "signed").write_text(signed)
    (tmp_path / "signature").write_bytes(unbase64(signature))
    command = "openssl pkeyutl -verify -pubin -inkey key.der -keyform DER -rawin -in signed"
    told = subprocess.run(
        [*command.split(), "-sigfile", "signature"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Verified Successfully" in told.stdout, told.stderr


def test_a_replaced_or_withdrawn_credential_is_revoked(seller: Souk, lenient: Marketplace) -> None:
    slug = slug_of(seller)
    first = checked(lenient, seller.storefronts.issue_credential(slug).token)
    second = checked(lenient, seller.storefronts.issue_credential(slug).token)
    assert is_revoked(lenient, first["credentialStatus"])
    assert not is_revoked(lenient, second["credentialStatus"])
    seller.storefronts.revoke_credential(slug)
    assert is_revoked(lenient, second["credentialStatus"])
    with refused("credential_unknown", 404):
        seller.storefronts.credential(slug)
    with refused("credential_unknown", 404):
        seller.storefronts.revoke_credential(slug)


def test_who_is_verified_no_longer_loses_the_credential(seller: Souk, lenient: Marketplace) -> None:
    said = checked(lenient, seller.storefronts.issue_credential(slug_of(seller)).token)
    renamed = seller.http.patch(
        f"/api/v1/organisations/{organisation_of(seller)}",
        json={"name": "Somebody Else"},
        headers={"authorization": f"Bearer {seller.credentials.token}"},
    )
    assert renamed.status_code == 200
    with psycopg.connect(lenient.owner_dsn) as connection:  # as if it had been a while
        connection.execute("UPDATE badges.credentials SET checked_at = issued_at - interval '1 h'")
    deadline = time.monotonic() + 120
    while not is_revoked(lenient, said["credentialStatus"]):
        assert time.monotonic() < deadline, "still counts"
        time.sleep(0.2)
    with refused("author_not_verified", 409):
        seller.storefronts.issue_credential(slug_of(seller))


def test_only_managers_of_verified_sellers_have_one(seller: Souk, lenient: Marketplace) -> None:
    newcomer = sign_up(lenient.base_url)
    with refused("author_not_verified", 409):
        newcomer.storefronts.issue_credential(slug_of(newcomer))
    with refused("not_manager", 403):
        newcomer.storefronts.issue_credential(slug_of(seller))
    with refused("organisation_unknown", 404):
        newcomer.storefronts.credential("nobody-here")
    assert httpx.get(f"{lenient.base_url}/api/v1/credentials/status/99").status_code == 404


@settings(max_examples=10)
@given(st.sets(st.integers(0, LIST_BITS - 1), max_size=20))
def test_bits_stand_where_the_standard_has_them(revoked: set[int]) -> None:
    encoded = encoded_list(revoked)
    assert encoded.startswith("u")
    bits = gzip.decompress(unbase64(encoded[1:]))
    assert sum(byte.bit_count() for byte in bits) == len(revoked)
    assert all(bits[index // 8] & 0x80 >> index % 8 for index in revoked)
