"""Verifiable credentials of verified sellers, and the list of revoked ones. No I/O.

Sources: W3C Verifiable Credentials 2.0, VC-JOSE-COSE 1.0, Bitstring Status List 1.0.
"""

import base64
import gzip
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from souk_client.contracts.storefronts import Badge
from souk_client.proofs import SigningKey
from souk_client.proofs.canonical import encode_base64url

LIST_BITS: Final = 131_072
"""The least that the standard allows: who is asked about one learns nothing of which."""
_CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
_KIND: Final = "VerifiedAuthorCredential"

Claims = dict[str, Any]  # JSON-LD


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a credential is about."""

    did: str
    name: str
    storefront: str


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Which bit of which list says that a credential was revoked."""

    number: int
    index: int


def author_claims(
    *,
    credential_url: str,
    issuer: str,
    base_url: str,
    subject: Subject,
    badge: Badge,
    place: Place,
    issued_at: datetime,
    expires_at: datetime,
) -> Claims:
    """What the marketplace says of a verified seller, and since when."""
    words = f"{base_url}/docs/wallets#"
    terms = (_KIND, "VerifiedAuthor", "PassedCheck", "storefront", "check", "kind", "checkedAt")
    return {
        "@context": [_CONTEXT, {term: words + term for term in terms}],
        "id": credential_url,
        "type": ["VerifiableCredential", _KIND],
        "issuer": issuer,
        "validFrom": _time(issued_at),
        "validUntil": _time(expires_at),
        "credentialSubject": {
            "id": subject.did,
            "type": "VerifiedAuthor",
            "name": subject.name,
            "storefront": subject.storefront,
            "check": [
                {
                    "type": "PassedCheck",
                    "kind": check.kind,
                    "description": check.words,
                    **({"checkedAt": _time(check.checked_at)} if check.checked_at else {}),
                }
                for check in badge.checks
                if check.state == "passed"
            ],
        },
        "credentialStatus": {
            "id": f"{status_url(base_url, place.number)}#{place.index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(place.index),
            "statusListCredential": status_url(base_url, place.number),
        },
    }


def status_claims(
    *, base_url: str, issuer: str, number: int, revoked: Iterable[int], now: datetime
) -> Claims:
    """The list of revoked credentials, itself a credential."""
    url = status_url(base_url, number)
    return {
        "@context": [_CONTEXT],
        "id": url,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer,
        "validFrom": _time(now),
        "credentialSubject": {
            "id": f"{url}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded_list(revoked),
        },
    }


def status_url(base_url: str, number: int) -> str:
    """Where a list of revoked credentials is."""
    return f"{base_url}/api/v1/credentials/status/{number}"


def encoded_list(revoked: Iterable[int]) -> str:
    """The bits, first index leftmost, compressed and in multibase base64url."""
    bits = bytearray(LIST_BITS // 8)
    for index in revoked:
        bits[index // 8] |= 0x80 >> (index % 8)
    packed = gzip.compress(bytes(bits), mtime=0)
    return "u" + base64.urlsafe_b64encode(packed).decode().rstrip("=")


def sign_credential(claims: Claims, key: SigningKey, *, issuer: str) -> str:
    """The credential as a compact JWS, whose key the issuer's DID document names."""
    header = {
        "alg": "EdDSA",
        "typ": "vc+jwt",
        "cty": "vc",
        "kid": f"{issuer}#{key.public.kid}",
    }
    signed = ".".join(encode_base64url(msgspec.json.encode(part)) for part in (header, claims))
    return f"{signed}.{encode_base64url(key.sign(signed.encode()))}"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
