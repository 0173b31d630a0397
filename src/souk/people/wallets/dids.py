"""Decentralised identifiers and their documents. No I/O.

Sources: W3C DID 1.0, the did:web method, the did:pkh method, CAIP-10.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from souk.people.wallets.accounts import did_pkh, with_checksum
from souk.people.wallets.api import WalletFacts
from souk_client.contracts.wallets import DidDocument, DidKey, DidMethod, DidService
from souk_client.proofs import PublicKey

_DID: Final = "https://www.w3.org/ns/did/v1"
_JWK: Final = "https://w3id.org/security/jwk/v1"
_RECOVERY: Final = "https://w3id.org/security/suites/secp256k1recovery-2020/v2"
_RECOVERY_METHOD: Final = "EcdsaSecp256k1RecoveryMethod2020"
_PKH: Final = re.compile(r"did:pkh:eip155:([1-9][0-9]{0,15}):(0x[0-9a-fA-F]{40})")


def market_did(base_url: str) -> str:
    """The marketplace's own identifier; did:web writes a port's colon as %3A."""
    return "did:web:" + urlsplit(base_url).netloc.lower().replace(":", "%3A")


def organisation_did(base_url: str, slug: str) -> str:
    """An organisation's identifier; its document is at /organisations/<slug>/did.json."""
    return f"{market_did(base_url)}:organisations:{slug}"


def slug_of(base_url: str, did: str) -> str | None:
    """The organisation that an identifier of this marketplace names."""
    prefix = f"{market_did(base_url)}:organisations:"
    rest = did.removeprefix(prefix)
    return rest if rest and rest != did and ":" not in rest else None


def market_document(base_url: str, keys: Iterable[PublicKey]) -> DidDocument:
    """Which keys sign credentials in the marketplace's name."""
    did = market_did(base_url)
    methods = [
        DidMethod(
            id=f"{did}#{key.kid}",
            type="JsonWebKey2020",
            controller=did,
            public_key_jwk=DidKey(kty=key.kty, crv=key.crv, x=key.x, kid=key.kid),
        )
        for key in keys
    ]
    return DidDocument(
        context=[_DID, _JWK],
        id=did,
        verification_method=methods,
        assertion_method=[method.id for method in methods],
        service=[DidService(id=f"{did}#market", type="Marketplace", service_endpoint=base_url)],
    )


def organisation_document(base_url: str, slug: str, wallets: Iterable[WalletFacts]) -> DidDocument:
    """Where the organisation sells, and the wallets that its owner shows."""
    did, shown = organisation_did(base_url, slug), list(wallets)
    methods = [
        _method(f"{did}#{wallet.id}", did, wallet.chain_id, wallet.address) for wallet in shown
    ]
    storefront = f"{base_url}/{slug}"
    return DidDocument(
        context=[_DID, _RECOVERY],
        id=did,
        controller=market_did(base_url),
        also_known_as=[storefront, *(did_pkh(one.chain_id, one.address) for one in shown)],
        verification_method=methods,
        authentication=[method.id for method in methods],
        service=[
            DidService(id=f"{did}#storefront", type="Storefront", service_endpoint=storefront)
        ],
    )


def wallet_document(did: str) -> DidDocument | None:
    """The document of a wallet's identifier, which follows from it alone; None for another."""
    found = _PKH.fullmatch(did)
    if found is None or found[2] not in (found[2].lower(), with_checksum(found[2])):
        return None
    method = _method(f"{did}#blockchainAccountId", did, int(found[1]), found[2])
    return DidDocument(
        context=[_DID, _RECOVERY],
        id=did,
        verification_method=[method],
        authentication=[method.id],
        assertion_method=[method.id],
    )


def _method(method_id: str, did: str, chain_id: int, address: str) -> DidMethod:
    return DidMethod(
        id=method_id,
        type=_RECOVERY_METHOD,
        controller=did,
        blockchain_account_id=f"eip155:{chain_id}:{with_checksum(address)}",
    )
